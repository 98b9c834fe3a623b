// The normal clients of bench/demo: twenty that come once a second each, from addresses of their own, on a new connection, and wait
// for five seconds. In an open loop: who is not answered does not keep the next one from coming.

import { Agent, get } from 'node:http';

const CLIENTS = 20;
export const PATIENCE_MS = 5000;
const AGENT = new Agent({ keepAlive: false });

/** What became of those who asked, or were answered, in some time. */
export interface Got {
  asked: number;
  failed: number;
  /** Of those that were answered. */
  readonly ms: number[];
}

export function nothing(): Got {
  return { asked: 0, failed: 0, ms: [] };
}

export class Pinger {
  readonly #port: number;
  readonly #timer: NodeJS.Timeout;
  readonly #waiting = new Set<Promise<void>>();
  #client = 0;
  /** By when it became known. */
  #second = nothing();
  /** By when they asked. */
  #phase = nothing();

  constructor(port: number) {
    this.#port = port;
    this.#timer = setInterval(() => {
      const asked: Promise<void> = this.#ask().finally(() => this.#waiting.delete(asked));
      this.#waiting.add(asked);
    }, 1000 / CLIENTS);
  }

  /** From now on what those get who ask stands there. */
  begin(phase: Got): void {
    this.#phase = phase;
  }

  /** What became known since this was asked last. */
  take(): Got {
    const second = this.#second;
    this.#second = nothing();
    return second;
  }

  /** Nobody comes any more; resolves when all have been answered or given up. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await Promise.all(this.#waiting);
  }

  async #ask(): Promise<void> {
    this.#client = (this.#client % CLIENTS) + 1;
    const phase = this.#phase;
    phase.asked += 1;
    const beganMs = performance.now();
    const isAnswered = await answered(this.#port, `127.0.1.${this.#client}`);
    for (const got of [phase, this.#second]) {
      if (isAnswered) got.ms.push(performance.now() - beganMs);
      else got.failed += 1;
    }
  }
}

function answered(port: number, localAddress: string): Promise<boolean> {
  return new Promise((resolve) => {
    const signal = AbortSignal.timeout(PATIENCE_MS);
    const options = { host: '127.0.0.1', port, path: '/ping', agent: AGENT, localAddress, signal };
    get(options, (response) => {
      response.resume();
      response.on('end', () => resolve(response.statusCode === 200));
      response.on('error', () => resolve(false));
    }).on('error', () => resolve(false));
  });
}
