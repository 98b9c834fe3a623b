// The last things that an operator would ask about, each with why it was: what timed out, was shed or limited, died, was replaced, and
// how reloads went. What happens again and again is added up: told within a second when it begins, and every few seconds as long
// as it goes on, so that a flood does not push everything else out.

import { EVENTS_MAX, type EventKind, type LiveEvent } from '../../wire/live.ts';

/** From the first of a kind and reason until it is told, with those that came meanwhile. */
const FIRST_MS = 1000;
/** And as long as it goes on. */
const NEXT_MS = 5000;
/** As many reasons are added up at once; names of limits are the only ones that settings choose. */
const REASONS_MAX = 256;

/** What repeats: all of the same `reason` are one event. */
export interface Repeated {
  readonly kind: EventKind;
  readonly reason: string;
  readonly count: number;
  readonly worker: number;
  /** A sentence about so many; empty where an example says it all. */
  words(count: number): string;
}

interface Pending extends Omit<Repeated, 'count' | 'worker'> {
  count: number;
  /** null: several. */
  worker: number | null;
  words: Repeated['words'];
  isWaiting: boolean;
  toldMs: number;
}

/** About one of those of this reason. */
interface Example {
  readonly sentence: string;
  readonly atMs: number;
}

export interface EventsParts {
  /** Unix ms. */
  wall(): number;
  /** Monotonic ms. */
  now(): number;
  later(ms: number, deed: () => void): void;
}

export class EventList {
  readonly #parts: EventsParts;
  readonly #events: LiveEvent[] = [];
  readonly #pending = new Map<string, Pending>();
  readonly #examples = new Map<string, Example>();
  #last = 0;

  constructor(parts: EventsParts) {
    this.#parts = parts;
  }

  /** Id of the newest; 0 before the first. */
  get last(): number {
    return this.#last;
  }

  /** Oldest first, as all others. */
  get all(): readonly LiveEvent[] {
    return [...this.#events];
  }

  /** Those that came after it. */
  since(id: number): readonly LiveEvent[] {
    return this.#events.filter((event) => event.id > id);
  }

  /** It and those before it. */
  until(id: number): readonly LiveEvent[] {
    return this.#events.filter((event) => event.id <= id);
  }

  /** `why`: a sentence. */
  tell(kind: EventKind, worker: number | null, why: string): void {
    this.#add({ kind, count: 1, worker, why });
  }

  /** It happened so many times more. */
  repeat(repeated: Repeated): void {
    const pending = this.#pendingOf(repeated);
    if (pending === null) return;
    const isOther = pending.count > 0 && pending.worker !== repeated.worker;
    pending.worker = isOther ? null : repeated.worker;
    pending.count += repeated.count;
    pending.words = repeated.words;
    if (pending.isWaiting) return;
    pending.isWaiting = true;
    const nextMs = pending.toldMs + NEXT_MS - this.#parts.now();
    this.#parts.later(Math.max(FIRST_MS, nextMs), () => this.#flush(pending));
  }

  /** What is known of one that `repeat` counts now or within a second. */
  example(reason: string, sentence: string): void {
    if (this.#examples.size >= REASONS_MAX) this.#examples.clear();
    this.#examples.set(reason, { sentence, atMs: this.#parts.now() });
  }

  #pendingOf(repeated: Repeated): Pending | null {
    const known = this.#pending.get(repeated.reason);
    if (known !== undefined) return known;
    if (this.#pending.size >= REASONS_MAX) this.#sweep();
    if (this.#pending.size >= REASONS_MAX) return null;
    const made = { ...repeated, count: 0, isWaiting: false, toldMs: Number.NEGATIVE_INFINITY };
    this.#pending.set(repeated.reason, made);
    return made;
  }

  /** Forgets those that do not go on. */
  #sweep(): void {
    for (const [reason, { isWaiting, toldMs }] of this.#pending) {
      if (!isWaiting && this.#parts.now() - toldMs >= NEXT_MS) this.#pending.delete(reason);
    }
  }

  #flush(pending: Pending): void {
    const { kind, reason, count, worker, words } = pending;
    const nowMs = this.#parts.now();
    const example = this.#examples.get(reason);
    this.#examples.delete(reason);
    const isFresh = example !== undefined && nowMs - example.atMs <= NEXT_MS + FIRST_MS;
    const why = isFresh ? told(words(count), count, example.sentence) : words(count);
    this.#add({ kind, count, worker, why });
    pending.count = 0;
    pending.isWaiting = false;
    pending.toldMs = nowMs;
  }

  #add(event: Omit<LiveEvent, 'id' | 'atMs'>): void {
    this.#last += 1;
    this.#events.push({ id: this.#last, atMs: this.#parts.wall(), ...event });
    if (this.#events.length > EVENTS_MAX) this.#events.shift();
  }
}

function told(words: string, count: number, example: string): string {
  if (words === '') return example;
  return `${words} ${count === 1 ? '' : 'One of them: '}${example}`;
}
