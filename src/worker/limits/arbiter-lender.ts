// The arbiter as a worker leases of it: questions of one turn of the loop travel in one message, and no more than a few messages
// are under way, so that an arbiter that is busy is not flooded. What comes back is matched with who asked.

import { monotonicMs } from '../../clock.ts';
import type { Lease, Lender } from '../../limits/lender.ts';
import {
  type Counted,
  KEY_COUNTS_MAX,
  type KeyCount,
  type LeaseQuestion,
  type LeaseReply,
} from '../../wire/limits.ts';

type Answered = (lease: Lease) => void;
type Told = (heard: boolean) => void;

interface Asked {
  readonly leases: readonly Answered[];
  /** Who waits to know that a charge was heard. */
  readonly charges: readonly (Told | undefined)[];
}

interface Owed {
  readonly limit: number;
  readonly key: string;
  /** By the clock of this process: however long it waits, it is forgiven then. */
  readonly forgivenAtMs: number;
}

/** Messages that are not answered yet. */
const UNDER_WAY_MAX = 2;
/** Questions that wait to be sent; whoever asks more gets no answer, and goes on alone. */
const QUESTIONS_MAX = 20_000;

export class ArbiterLender implements Lender {
  readonly #of: Counted;
  readonly #say: (question: LeaseQuestion) => void;
  readonly #now: () => number;
  #take: { readonly what: KeyCount; readonly answered: Answered }[] = [];
  #giveBack: KeyCount[] = [];
  #charge: { readonly what: KeyCount; readonly told: Told | undefined }[] = [];
  /** By limit and key: of what is said of a key while the arbiter is late only the last counts. */
  readonly #owed = new Map<string, Owed>();
  readonly #underWay = new Map<number, Asked>();
  #id = 0;
  #scheduled = false;

  constructor(of: Counted, say: (question: LeaseQuestion) => void, now = monotonicMs) {
    this.#of = of;
    this.#say = say;
    this.#now = now;
  }

  take(limit: number, key: string, count: number, answered: Answered): void {
    if (this.#take.length >= QUESTIONS_MAX) return;
    this.#take.push({ what: [limit, key, count], answered });
    this.#schedule();
  }

  giveBack(limit: number, key: string, count: number): void {
    this.#giveBack.push([limit, key, count]);
    this.#schedule();
  }

  charge(limit: number, key: string, count: number, told?: Told): void {
    this.#charge.push({ what: [limit, key, count], told });
    this.#schedule();
  }

  /** What a key has used is forgiven in so long. False: there is no room for it until some of it was sent. */
  owe(limit: number, key: string, resetMs: number): boolean {
    const name = `${limit} ${key}`;
    if (this.#owed.size >= QUESTIONS_MAX && !this.#owed.has(name)) return false;
    this.#owed.set(name, { limit, key, forgivenAtMs: this.#now() + resetMs });
    this.#schedule();
    return true;
  }

  /** All of it is sent now: others ask from here on, or nobody will be there to send it. */
  hurry(): void {
    this.#flush(Number.POSITIVE_INFINITY);
  }

  heard({ of, id, leases }: LeaseReply): void {
    const asked = of === this.#of ? this.#underWay.get(id) : undefined;
    if (asked === undefined) return;
    this.#underWay.delete(id);
    for (const told of asked.charges) told?.(true);
    asked.leases.forEach((answered, index) => {
      const lease = leases[index];
      if (lease === undefined) return;
      const [granted, remaining, resetMs, retryMs, validMs] = lease;
      answered({ granted, remaining, resetMs, retryMs, validMs });
    });
    this.#flush();
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#flush();
    });
  }

  #flush(underWayMax = UNDER_WAY_MAX): void {
    while (this.#underWay.size < underWayMax) {
      const owed = this.#nextOwed();
      const lists = [this.#take, this.#giveBack, this.#charge, owed];
      if (lists.every((list) => list.length === 0)) return;
      const take = this.#take.splice(0, KEY_COUNTS_MAX);
      const charge = this.#charge.splice(0, KEY_COUNTS_MAX);
      this.#id += 1;
      this.#underWay.set(this.#id, {
        leases: take.map(({ answered }) => answered),
        charges: charge.map(({ told }) => told),
      });
      this.#say({
        kind: 'lease',
        of: this.#of,
        id: this.#id,
        take: take.map(({ what }) => what),
        giveBack: this.#giveBack.splice(0, KEY_COUNTS_MAX),
        charge: charge.map(({ what }) => what),
        owed,
      });
    }
  }

  /** As the arbiter is told, which has a clock of its own; what was forgiven while it waited is left out. */
  #nextOwed(): readonly KeyCount[] {
    const next: KeyCount[] = [];
    const nowMs = this.#now();
    for (const [name, { limit, key, forgivenAtMs }] of this.#owed) {
      if (next.length >= KEY_COUNTS_MAX) break;
      this.#owed.delete(name);
      if (forgivenAtMs > nowMs) next.push([limit, key, Math.ceil(forgivenAtMs - nowMs)]);
    }
    return next;
  }
}
