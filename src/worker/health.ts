// Answers questions about the server's health (settings health_path and ready_path) from what the worker knows, without a
// thread. Alive: this loop turns. Ready: a request that came now would be begun within queue_timeout, as far as what has
// been can tell.

import type { ProbeAnswer, Probes } from '../connection/effects.ts';
import type { ParsedHead } from '../http1/head.ts';
import type { Log } from '../observe/log.ts';
import type { AppThread } from '../threads/app-thread.ts';

export interface HealthOptions {
  readonly healthPath: string;
  readonly readyPath: string;
  /** queue_timeout in milliseconds. */
  readonly queueMs: number;
  /** The threads of the worker, and how many requests they were ever given. */
  readonly pool: { readonly threads: readonly AppThread[]; readonly given: number };
  readonly log: Log;
}

/** It is answered by the server itself. */
export function isProbe(
  { path, method }: Pick<ParsedHead, 'path' | 'method'>,
  { healthPath, readyPath }: Pick<HealthOptions, 'healthPath' | 'readyPath'>,
): boolean {
  return (path === healthPath || path === readyPath) && (method === 'GET' || method === 'HEAD');
}

export class Health implements Probes {
  readonly #options: HealthOptions;
  #draining = false;
  #nowMs = 0;
  /** The last tick at which a thread had room, or had been given something since the tick before. */
  #roomMs = 0;
  #given = 0;
  /** Why it was not ready when it was asked last; empty when it was. */
  #said = '';

  constructor(options: HealthOptions) {
    this.#options = options;
  }

  /** To be called on every tick of the worker. `nowMs`: a clock that a pause of our own loop does not move on. */
  tick(nowMs: number): void {
    this.#nowMs = nowMs;
    const { given } = this.#options.pool;
    // Under load no thread has room whenever one looks, and yet one after the other takes its next request.
    if (given === this.#given && !this.#hasRoom()) return;
    this.#given = given;
    this.#roomMs = nowMs;
  }

  /** Nobody is accepted any more. */
  drain(): void {
    this.#draining = true;
  }

  asks(head: ParsedHead): boolean {
    return isProbe(head, this.#options);
  }

  answer(head: ParsedHead): ProbeAnswer {
    const answer = this.#answer(head);
    // Not in the access log: whoever asks comes again every few seconds, for ever.
    this.#options.log.debug(`${head.method} ${head.path}: ${answer.text.trimEnd()}`);
    return answer;
  }

  #answer(head: ParsedHead): ProbeAnswer {
    if (head.path === this.#options.healthPath) return { status: '200 OK', text: 'alive\n' };
    const reason = this.#notReady();
    this.#tell(reason);
    if (reason === '') return { status: '200 OK', text: 'ready\n' };
    return { status: '503 Service Unavailable', text: `not ready: ${reason}\n` };
  }

  /** Why not; empty when it is. */
  #notReady(): string {
    if (this.#draining) return 'the worker is ending';
    if (!this.#options.pool.threads.some(({ state }) => state === 'ready')) {
      return 'no thread is there to run the application';
    }
    const fullMs = this.#hasRoom() ? 0 : this.#nowMs - this.#roomMs;
    if (fullMs <= this.#options.queueMs) return '';
    const seconds = this.#options.queueMs / 1000;
    return `no thread has had room for a request for longer than queue_timeout (${seconds} s)`;
  }

  #hasRoom(): boolean {
    return this.#options.pool.threads.some(({ room }) => room > 0);
  }

  /** Once for each change. */
  #tell(reason: string): void {
    if (reason === this.#said) return;
    this.#said = reason;
    if (reason === '') this.#options.log.info('Ready again');
    else if (!this.#draining) this.#options.log.warning(`Not ready: ${reason}`);
  }
}
