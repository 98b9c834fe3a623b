// Whether the one who counts for several (the arbiter for its workers, a store for its hosts) answers, and who waits for it. Nobody
// waits longer than the time that the settings give: then it counts as silent, all who wait go by what is known here, and nobody waits
// any more until it has answered. One question in a while asks whether it does.

/** As it is found: what ends a state, and what comes then. */
export const reachStates = {
  answers: { on: { overdue: 'silent', failed: 'silent', answered: 'answers' } },
  silent: { on: { overdue: 'silent', failed: 'silent', answered: 'answers' } },
} as const;

export type ReachState = keyof typeof reachStates;
type ReachEvent = 'overdue' | 'failed' | 'answered';

/** A silent one is asked so soon whether it answers, then after twice as long ... */
const PROBE_FIRST_MS = 25;
/** ... up to this. */
const PROBE_MS = 250;
/** One that answered for less long goes on where it was: most of those who wait for it would wait in vain. */
const STEADY_MS = 1000;

export interface ReachParts {
  readonly timeoutMs: number;
  /** Milliseconds, monotonic. */
  now(): number;
  /** Calls back once, after so long; 0: when what has come in meanwhile is read. */
  later(ms: number, deed: () => void): void;
}

interface Waiting {
  readonly dueMs: number;
  readonly givenUp: () => void;
}

export class Reach {
  readonly #parts: ReachParts;
  #state: ReachState = 'answers';
  /** In the order of their ends: all wait equally long. */
  readonly #waiting = new Set<Waiting>();
  readonly #listeners: ((state: ReachState) => void)[] = [];
  #armed = false;
  #probeAtMs = 0;
  #probeEachMs = PROBE_FIRST_MS;
  #answersSinceMs = Number.NEGATIVE_INFINITY;
  #silences = 0;

  constructor(parts: ReachParts) {
    this.#parts = parts;
  }

  /** It fell silent, or answers again. */
  onChange(listener: (state: ReachState) => void): void {
    this.#listeners.push(listener);
  }

  get silent(): boolean {
    return this.#state === 'silent';
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  /** `givenUp` is called when it falls silent, unless the function that this returns was called before. */
  wait(givenUp: () => void): () => void {
    const one = { dueMs: this.#parts.now() + this.#parts.timeoutMs, givenUp };
    this.#waiting.add(one);
    this.#arm(this.#parts.timeoutMs);
    return () => this.#waiting.delete(one);
  }

  /** In how long a silent one should be asked. */
  get probeInMs(): number {
    return Math.max(0, this.#probeAtMs - this.#parts.now());
  }

  /** True, once in a while: a silent one should be asked now, with nobody waiting. */
  probes(): boolean {
    const nowMs = this.#parts.now();
    if (this.#state !== 'silent' || nowMs < this.#probeAtMs) return false;
    this.#probeEachMs = Math.min(PROBE_MS, this.#probeEachMs * 2);
    this.#probeAtMs = nowMs + this.#probeEachMs;
    return true;
  }

  /**
   * Something is asked now. What this returns is to be called when that is answered: a silent one answers again when it does so in
   * time. What it was asked before it fell silent shows nothing: who works off what lies there for long has no time for more.
   */
  asked(): () => void {
    const silence = this.#silences;
    const dueMs = this.#parts.now() + this.#parts.timeoutMs;
    return () => {
      if (silence === this.#silences && this.#parts.now() <= dueMs) this.answered();
    };
  }

  answered(): void {
    this.#apply('answered');
  }

  /** It will not answer what it was asked. */
  failed(): void {
    this.#apply('failed');
  }

  #apply(event: ReachEvent): void {
    const before = this.#state;
    this.#state = reachStates[before].on[event];
    if (this.#state === 'silent') {
      if (before !== 'silent') {
        const nowMs = this.#parts.now();
        if (nowMs - this.#answersSinceMs >= STEADY_MS) this.#probeEachMs = PROBE_FIRST_MS;
        this.#probeAtMs = nowMs + this.#probeEachMs;
        this.#silences += 1;
      }
      const all = [...this.#waiting];
      this.#waiting.clear();
      for (const { givenUp } of all) givenUp();
    }
    if (before === 'silent' && this.#state === 'answers') this.#answersSinceMs = this.#parts.now();
    if (this.#state !== before) for (const told of this.#listeners) told(this.#state);
  }

  #arm(ms: number): void {
    if (this.#armed) return;
    this.#armed = true;
    this.#parts.later(ms, () => {
      this.#armed = false;
      this.#look();
    });
  }

  #look(): void {
    const [first] = this.#waiting;
    if (first === undefined) return;
    const leftMs = first.dueMs - this.#parts.now();
    if (leftMs > 0) {
      this.#arm(Math.ceil(leftMs));
      return;
    }
    // This loop may have been about something else: the answer may have come and wait to be read.
    this.#parts.later(0, () => {
      if (this.#waiting.has(first)) this.#apply('overdue');
      const [next] = this.#waiting;
      if (next !== undefined) this.#arm(Math.max(0, Math.ceil(next.dueMs - this.#parts.now())));
    });
  }
}
