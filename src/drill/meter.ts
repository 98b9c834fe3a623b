// What a group of clients got over a stretch of time: answers, how long they took, for how long nobody got any. Filled by
// the clients, read once at the end.

import { monotonicMs } from '../clock.ts';

export interface Measured {
  readonly seconds: number;
  /** Answers below 500. */
  readonly answers: number;
  readonly perSecond: number;
  /** How often each status came; also "reset", "refused", "gave up" for requests that got none. */
  readonly outcomes: ReadonlyMap<string, number>;
  /** Milliseconds from request to answer, of answers below 500; null without any. */
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
  readonly slowestMs: number | null;
  readonly clients: number;
  /** Clients that had at least one answer below 500. */
  readonly clientsServed: number;
  /** The longest time in which nobody got an answer below 500. */
  readonly silenceMs: number;
}

/** A status from here on is the server's failure. */
export const SERVER_ERROR = 500;

export class Meter {
  readonly #clients: number;
  readonly #beganMs = monotonicMs();
  readonly #outcomes = new Map<string, number>();
  readonly #durationsMs: number[] = [];
  readonly #served = new Set<number>();
  #lastGoodMs = this.#beganMs;
  #silenceMs = 0;

  constructor(clients: number) {
    this.#clients = clients;
  }

  answered(client: number, status: number, durationMs: number): void {
    this.missed(String(status));
    if (status >= SERVER_ERROR) return;
    const nowMs = monotonicMs();
    this.#silenceMs = Math.max(this.#silenceMs, nowMs - this.#lastGoodMs);
    this.#lastGoodMs = nowMs;
    this.#durationsMs.push(durationMs);
    this.#served.add(client);
  }

  /** A request that got no answer. */
  missed(outcome: string): void {
    this.#outcomes.set(outcome, (this.#outcomes.get(outcome) ?? 0) + 1);
  }

  read(): Measured {
    const nowMs = monotonicMs();
    const seconds = Math.max(nowMs - this.#beganMs, 1) / 1000;
    const sorted = this.#durationsMs.sort((a, b) => a - b);
    const at = (share: number): number | null =>
      sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? null;
    return {
      seconds,
      answers: sorted.length,
      perSecond: sorted.length / seconds,
      outcomes: this.#outcomes,
      p50Ms: at(0.5),
      p99Ms: at(0.99),
      slowestMs: sorted.at(-1) ?? null,
      clients: this.#clients,
      clientsServed: this.#served.size,
      silenceMs: Math.max(this.#silenceMs, nowMs - this.#lastGoodMs),
    };
  }
}
