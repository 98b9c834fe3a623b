// Requests that come when they are due, whatever became of those before: so many a second, each on the next connection
// that is free. Latency counts from the moment at which a request was due, so that one which had to wait for a
// connection, or for a busy load generator, is as late as its user would say (no coordinated omission).

import type { Socket } from 'node:net';
import { AnswerReader } from '../src/drill/answer-reader.ts';
import { connectPlain, requestFor, type Target } from '../src/drill/target.ts';

export interface Rhythm {
  readonly path: string;
  readonly perSecond: number;
  /** Kept alive, and used in turn. */
  readonly connections: number;
}

export interface Latencies {
  /** Milliseconds of the requests that were answered 200, in ascending order. */
  readonly ms: readonly number[];
  /** Answered otherwise, cut off, or not answered when the end came. */
  readonly failed: number;
}

/** How fine the clock of the requests is. */
const TICK_MS = 1;
/** A connection that was closed or refused comes again so much later: no loop without a pause. */
const AGAIN_MS = 5;

export class OpenLoop {
  readonly #target: Target;
  readonly #request: string;
  readonly #everyMs: number;
  readonly #clients: Client[];
  readonly #idle: Client[] = [];
  /** When they were due, of those that found no connection free. */
  readonly #waiting: number[] = [];
  readonly #ms: number[] = [];
  #failed = 0;
  #due = 0;

  constructor(target: Target, { path, perSecond, connections }: Rhythm) {
    this.#target = target;
    this.#request = requestFor(path);
    this.#everyMs = 1000 / perSecond;
    this.#clients = Array.from({ length: connections }, () => this.#client());
  }

  /** Sends for so long, waits up to `patienceMs` for the last answers, and leaves. */
  async run(forMs: number, patienceMs: number): Promise<Latencies> {
    const began = performance.now();
    let sent = 0;
    await new Promise<void>((done) => {
      const timer = setInterval(() => {
        const now = performance.now() - began;
        for (; sent * this.#everyMs <= Math.min(now, forMs); sent++) {
          this.#send(began + sent * this.#everyMs);
        }
        const late = now > forMs + patienceMs;
        if (!late && (now <= forMs || this.#due > 0)) return;
        clearInterval(timer);
        done();
      }, TICK_MS);
    });
    const unanswered = this.#due;
    for (const client of this.#clients) client.leave();
    const ms = this.#ms.sort((a, b) => a - b);
    return { ms, failed: this.#failed + unanswered };
  }

  #send(dueMs: number): void {
    this.#due += 1;
    const client = this.#idle.shift();
    if (client === undefined) this.#waiting.push(dueMs);
    else client.ask(dueMs);
  }

  #client(): Client {
    return new Client(this.#target, this.#request, {
      free: (client) => {
        const dueMs = this.#waiting.shift();
        if (dueMs === undefined) this.#idle.push(client);
        else client.ask(dueMs);
      },
      gone: (client) => {
        const at = this.#idle.indexOf(client);
        if (at >= 0) this.#idle.splice(at, 1);
      },
      answered: (dueMs, status) => {
        this.#due -= 1;
        if (status === 200) this.#ms.push(performance.now() - dueMs);
        else this.#failed += 1;
      },
      cutOff: () => {
        this.#due -= 1;
        this.#failed += 1;
      },
    });
  }
}

interface Ears {
  free(client: Client): void;
  gone(client: Client): void;
  answered(dueMs: number, status: number): void;
  cutOff(): void;
}

class Client {
  readonly #target: Target;
  readonly #request: string;
  readonly #ears: Ears;
  #socket: Socket | null = null;
  #again: NodeJS.Timeout | undefined;
  /** When the request that is out was due; null: none is. */
  #dueMs: number | null = null;
  #left = false;

  constructor(target: Target, request: string, ears: Ears) {
    this.#target = target;
    this.#request = request;
    this.#ears = ears;
    this.#come();
  }

  ask(dueMs: number): void {
    this.#dueMs = dueMs;
    this.#socket?.write(this.#request);
  }

  leave(): void {
    this.#left = true;
    clearTimeout(this.#again);
    this.#socket?.destroy();
  }

  #come(): void {
    const socket = connectPlain(this.#target);
    this.#socket = socket;
    const reader = new AnswerReader(({ status, keeps }) => {
      const dueMs = this.#dueMs;
      this.#dueMs = null;
      if (dueMs !== null) this.#ears.answered(dueMs, status);
      if (keeps) this.#ears.free(this);
      else socket.destroy();
    });
    socket.on('connect', () => this.#ears.free(this));
    socket.on('data', (bytes: Buffer) => {
      reader.push(bytes);
      if (reader.broken) socket.destroy();
    });
    socket.on('end', () => reader.ended());
    socket.on('error', () => undefined);
    socket.on('close', () => this.#gone());
  }

  #gone(): void {
    if (this.#left) return;
    this.#ears.gone(this);
    if (this.#dueMs !== null) this.#ears.cutOff();
    this.#dueMs = null;
    this.#again = setTimeout(() => this.#come(), AGAIN_MS);
  }
}

/** Of numbers in ascending order, the one below which such a share lies. */
export function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
