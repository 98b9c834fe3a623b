// max_requests: after so many requests a worker asks for its successor. The jitter is drawn once for each worker, so that
// workers that began together do not leave together. It goes on serving until the next one is ready.

import { randomInt } from 'node:crypto';
import { Seldom } from '../observe/seldom.ts';

/** Asked again this often while nothing has come of it. */
const AGAIN_MS = 1000;

export class Quota {
  readonly #most: number;
  readonly #replaceMe: (reason: string) => void;
  readonly #wish = new Seldom(AGAIN_MS);

  /** `maxRequests` 0: no limit. */
  constructor(maxRequests: number, jitter: number, replaceMe: (reason: string) => void) {
    this.#most = maxRequests === 0 ? Infinity : maxRequests + randomInt(0, jitter + 1);
    this.#replaceMe = replaceMe;
  }

  /** `requests`: how many were begun so far. */
  tick(nowMs: number, requests: number): void {
    if (requests < this.#most || !this.#wish.claim(nowMs)) return;
    this.#replaceMe(`it has begun ${requests} requests (max_requests)`);
  }
}
