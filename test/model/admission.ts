// The limits of the model's world: says yes, no, or later, in turn, to whoever asks; a place is taken by some, and must come back
// once. What was asked for later is answered by a step, or never.

import assert from 'node:assert/strict';
import { ADMITTED, type Admission, type Entry, type Verdict } from '../../src/limits/verdict.ts';
import type { Peer, RequestHead } from '../../src/threads/app-thread.ts';

const LIMITED: Verdict = {
  refusal: { status: 429, code: 'rate-limited', retryAfterSeconds: 1 },
  fields: 'RateLimit: "x";r=0;t=1\r\n',
  place: null,
};

/** A connection that waits for its word. */
interface Entering {
  readonly tell: (entry: Entry) => void;
}

interface Pending {
  readonly head: RequestHead;
  readonly peer: Peer;
  readonly tell: (verdict: Verdict) => void;
}

export class SimAdmission implements Admission {
  readonly readsForwarded = false;
  /** Of requests that were refused. */
  readonly refusedHeads = new Set<RequestHead>();
  /** Verdicts that hold a place, and are not over. */
  readonly held = new Set<Verdict>();
  readonly pending: Pending[] = [];
  readonly entering: Entering[] = [];
  /** Of each client the last that was asked for later. */
  readonly #last = new Map<Peer, Pending>();
  lateOnes = 0;
  /** No request is answered at once. */
  alwaysLater = false;
  /** No connection is. */
  entersLater = false;
  #asked = 0;
  #entered = 0;
  #places = 0;

  /** Every fifth connection is refused; of the others every second has a place. Every third hears it later. */
  enter(): Entry | PromiseLike<Entry> {
    this.#entered += 1;
    if (this.entersLater || this.#entered % 3 === 0) {
      return laterOf<Entry>((tell) => this.entering.push({ tell }));
    }
    if (this.#entered % 5 === 0) return { refused: true, place: null };
    if (this.#entered % 2 === 0) return { refused: false, place: null };
    return this.#placed();
  }

  #placed(): Entry {
    this.#places += 1;
    return { refused: false, place: 'client' };
  }

  /** Answers a connection that waits for its word, whether it is still there or not. */
  answerEntering(which: number, granted: boolean): void {
    const [one] = this.entering.splice(which % Math.max(1, this.entering.length), 1);
    one?.tell(granted ? this.#placed() : { refused: true, place: null });
  }

  leave(): void {
    this.#places -= 1;
    assert.ok(this.#places >= 0, 'a place of a connection comes back once');
  }

  get places(): number {
    return this.#places;
  }

  ask(head: RequestHead, peer: Peer): Verdict | PromiseLike<Verdict> {
    this.#asked += 1;
    const turn = this.alwaysLater ? 3 : this.#asked % 5;
    if (turn === 0) return this.#decide(head, false);
    if (turn === 1) return ADMITTED;
    if (turn === 2) return this.#decide(head, true);
    return this.#later(head, peer);
  }

  over(verdict: Verdict): void {
    if (verdict.place !== null) assert.ok(this.held.delete(verdict), 'a verdict is over once');
  }

  late(): void {
    this.lateOnes += 1;
  }

  /** Answers one that waits, whoever is left to hear it: `asking` are the clients that wait for a word. */
  answer(which: number, granted: boolean, asking: ReadonlySet<Peer>): void {
    const [one] = this.pending.splice(which % Math.max(1, this.pending.length), 1);
    if (one === undefined) return;
    const isHeard = asking.has(one.peer) && this.#last.get(one.peer) === one;
    const verdict = granted || isHeard ? this.#decide(one.head, granted) : LIMITED;
    one.tell(verdict);
    assert.ok(isHeard || !this.held.has(verdict), 'a word that nobody waits for keeps no place');
  }

  #decide(head: RequestHead, granted: boolean): Verdict {
    if (!granted) {
      this.refusedHeads.add(head);
      return LIMITED;
    }
    const verdict: Verdict = { refusal: null, fields: '', place: 'client' };
    this.held.add(verdict);
    return verdict;
  }

  #later(head: RequestHead, peer: Peer): PromiseLike<Verdict> {
    return laterOf<Verdict>((tell) => {
      const pending = { head, peer, tell };
      this.pending.push(pending);
      this.#last.set(peer, pending);
    });
  }
}

/** As a promise is, but for the turn of the loop in which it tells. */
function laterOf<T>(then: (tell: (word: T) => void) => void): PromiseLike<T> {
  return { then } as unknown as PromiseLike<T>;
}
