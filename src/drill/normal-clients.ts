// The clients whom nothing may disturb: each keeps a connection, asks for one path again and again, and comes back when it
// is closed, as browsers and proxies do. What they get is measured before, during and after each row.

import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { monotonicMs } from '../clock.ts';
import { AnswerReader } from './answer-reader.ts';
import { type Measured, Meter, SERVER_ERROR } from './meter.ts';
import { connect, readyEvent, requestFor, type Target } from './target.ts';

/** A client whose connection was closed or refused comes again so much later: no loop without a pause. */
const AGAIN_MS = 5;
/** A client that has waited for so long gives up and comes again. */
const PATIENCE_MS = 10_000;

export interface NormalManners {
  readonly path: string;
  readonly count: number;
  /** A new connection for each request. */
  readonly fresh?: boolean;
}

export class NormalClients {
  readonly #clients: readonly NormalClient[];
  readonly #served = new Set<number>();
  #meters = new Set<Meter>();

  /** Starts them all at once. */
  constructor(target: Target, { path, count, fresh = false }: NormalManners) {
    const close = fresh ? '\r\nConnection: close\r\n\r\n' : '\r\n\r\n';
    const request = requestFor(path).replace('\r\n\r\n', close);
    this.#clients = Array.from(
      { length: count },
      (_, index) =>
        new NormalClient(target, request, {
          answered: (status, ms) => {
            if (status < SERVER_ERROR) this.#served.add(index);
            for (const meter of this.#meters) meter.answered(index, status, ms);
          },
          missed: (outcome) => {
            for (const meter of this.#meters) meter.missed(outcome);
          },
        }),
    );
  }

  /** Clients that have had an answer below 500 since they came. */
  get served(): number {
    return this.#served.size;
  }

  /** Begins to measure; call the function that it gives for the result. */
  measuring(): () => Measured {
    const meter = new Meter(this.#clients.length);
    this.#meters.add(meter);
    return () => {
      this.#meters.delete(meter);
      return meter.read();
    };
  }

  /** What they get within so many milliseconds. */
  async measure(ms: number): Promise<Measured> {
    const done = this.measuring();
    await sleep(ms);
    return done();
  }

  /** They leave, whatever they wait for. */
  stop(): void {
    for (const client of this.#clients) client.stop();
  }
}

interface Ears {
  answered(status: number, durationMs: number): void;
  missed(outcome: string): void;
}

class NormalClient {
  readonly #target: Target;
  readonly #request: string;
  readonly #ears: Ears;
  #socket: Socket | null = null;
  #pause: NodeJS.Timeout | null = null;
  #patience: NodeJS.Timeout | null = null;
  #askedMs = 0;
  /** A request is out and not answered. */
  #waiting = false;
  #stopped = false;

  constructor(target: Target, request: string, ears: Ears) {
    this.#target = target;
    this.#request = request;
    this.#ears = ears;
    this.#come();
  }

  stop(): void {
    this.#stopped = true;
    if (this.#pause !== null) clearTimeout(this.#pause);
    if (this.#patience !== null) clearTimeout(this.#patience);
    this.#socket?.destroy();
  }

  #come(): void {
    const socket = connect(this.#target);
    this.#socket = socket;
    // Connecting counts as waiting: a server that accepts nobody keeps its clients waiting, too.
    this.#askedMs = monotonicMs();
    this.#waiting = true;
    let why = 'closed';
    const reader = new AnswerReader(({ status, keeps }) => {
      this.#waiting = false;
      this.#ears.answered(status, monotonicMs() - this.#askedMs);
      if (keeps) this.#ask(socket);
      else socket.destroy();
    });
    this.#patience = setTimeout(() => {
      why = 'gave up';
      socket.destroy();
    }, PATIENCE_MS);
    socket.on(readyEvent(this.#target), () => socket.write(this.#request));
    socket.on('data', (bytes: Buffer) => {
      reader.push(bytes);
      if (!reader.broken) return;
      why = 'garbage';
      socket.destroy();
    });
    socket.on('end', () => reader.ended());
    socket.on('error', (error: NodeJS.ErrnoException) => {
      why = error.code === 'ECONNREFUSED' || error.code === 'ENOENT' ? 'refused' : 'reset';
    });
    socket.on('close', () => this.#gone(reader.midAnswer ? 'cut off' : why));
  }

  #ask(socket: Socket): void {
    this.#askedMs = monotonicMs();
    this.#waiting = true;
    this.#patience?.refresh();
    socket.write(this.#request);
  }

  /** A connection that closes between two requests is no failure; one that closes just as the next is sent cannot be
   * told from that (RFC 9112, 9.3.1), so a client asks again and only what it never gets counts against the server. */
  #gone(why: string): void {
    if (this.#patience !== null) clearTimeout(this.#patience);
    if (this.#stopped) return;
    if (this.#waiting && why !== 'closed') this.#ears.missed(why);
    this.#pause = setTimeout(() => this.#come(), AGAIN_MS);
  }
}
