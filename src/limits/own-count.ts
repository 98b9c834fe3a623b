// What a worker counts that serves alone: by itself, at once and with nobody asked, because nobody else lets anything through. It tells
// the arbiter what keys have used, so that whoever comes after it goes on from there, and asks it about a key as long as somebody
// who was there before may have let something of it through.

import { boundedKey } from './bounded-key.ts';
import type { Grant } from './bucket.ts';
import { answerOf, LocalTokens } from './local.ts';
import type { Answer, TokenLimit, Tokens } from './tokens.ts';

/** Keys of a limit that have used something since it was told; one more, and it is told at once. */
const UNTOLD_MAX = 16_384;
/** Four times a second, with room for ticks that come a little early: the next one would make it 0.3 s. */
const TELL_MS = 225;

export interface OwnCountParts {
  readonly limits: readonly TokenLimit[];
  /** For each limit, for how long the arbiter may know of a key what is not known here. */
  readonly inheritsMs: readonly number[];
  /** By which it is asked. */
  readonly leases: Tokens & {
    take(limit: number, key: string, count: number): Grant | Promise<Grant>;
  };
  /** The arbiter hears that what the key has used is forgiven in so long; false: it does not, too much waits for it already. */
  owe(limit: number, key: string, resetMs: number): boolean;
  /** Milliseconds, monotonic. */
  now(): number;
}

export class OwnCount implements Tokens {
  readonly #parts: OwnCountParts;
  readonly #local: LocalTokens;
  /** For each limit. */
  readonly #inheritsUntilMs: readonly number[];
  readonly #untold: readonly Set<string>[];
  /** Keys that are asked about, for each limit. */
  readonly #asking: readonly Map<string, Promise<void>>[];
  /** On the first tick it tells at once: counted from before it, that time would be longer than all others. */
  #toldAtMs = Number.NEGATIVE_INFINITY;
  #over = false;

  constructor(parts: OwnCountParts) {
    this.#parts = parts;
    this.#local = new LocalTokens(parts.limits, parts.now);
    const nowMs = parts.now();
    this.#inheritsUntilMs = parts.limits.map((_, limit) => nowMs + (parts.inheritsMs[limit] ?? 0));
    this.#untold = parts.limits.map(() => new Set());
    this.#asking = parts.limits.map(() => new Map());
  }

  ask(limit: number, name: string): Answer | Promise<Answer> {
    const key = boundedKey(name);
    const inherits = this.#parts.now() < (this.#inheritsUntilMs[limit] ?? 0);
    if (inherits && this.#local.resetMs(limit, key) === 0) return this.#inherit(limit, key);
    return this.#count(limit, key);
  }

  /** To be called at least a few times a second. */
  tend(): void {
    this.#local.tend();
    const nowMs = this.#parts.now();
    if (nowMs - this.#toldAtMs < TELL_MS) return;
    this.#toldAtMs = nowMs;
    this.tell();
  }

  /** What is forgiven already is nobody's business. False: there is more, that could not be told now. */
  tell(): boolean {
    for (const [limit, keys] of this.#untold.entries()) {
      for (const key of keys) {
        const resetMs = this.#local.resetMs(limit, key);
        // The first that is not taken ends it: while there is no room each request of a new key comes here.
        if (resetMs > 0 && !this.#parts.owe(limit, key, resetMs)) return false;
        keys.delete(key);
      }
    }
    return true;
  }

  /** Others count, too: from now on leases are asked for. */
  end(): void {
    this.tell();
    this.#over = true;
  }

  #count(limit: number, key: string): Answer {
    const grant = this.#local.take(limit, key, 1);
    if (grant.granted > 0) this.#tellLater(limit, key);
    return answerOf(grant);
  }

  #tellLater(limit: number, key: string): void {
    const untold = this.#untold[limit];
    if (untold === undefined || untold.has(key)) return;
    if (untold.size >= UNTOLD_MAX) this.tell();
    // Who finds no room then is told of when it comes again.
    if (untold.size < UNTOLD_MAX) untold.add(key);
  }

  #inherit(limit: number, key: string): Promise<Answer> {
    const asking = this.#asking[limit];
    let asked = asking?.get(key);
    if (asked === undefined) {
      asked = this.#heard(limit, key).finally(() => asking?.delete(key));
      asking?.set(key, asked);
    }
    return asked.then(() => {
      return this.#over ? this.#parts.leases.ask(limit, key) : this.#count(limit, key);
    });
  }

  /** What the arbiter knows of it is known here. The token that tells of it is not used: whoever asked takes one here. */
  async #heard(limit: number, key: string): Promise<void> {
    const { granted, resetMs } = await this.#parts.leases.take(limit, key, 1);
    this.#local.raise(limit, key, resetMs);
    if (granted > 0) this.#local.giveBack(limit, key, granted);
  }
}
