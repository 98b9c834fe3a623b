// Connections that are opened and reset at a random point of their life: before a word, within a head, within a body,
// while the application runs, within the answer, after it.

import type { Socket } from 'node:net';
import { type Attack, Counts, type Tally } from './attack.ts';
import { connect, readyEvent, requestFor, type Target } from './target.ts';

/** Open at once. */
const AT_ONCE = 50;
const LIFE_MS_MAX = 20;

export interface ResetPaths {
  readonly ok: string;
  readonly big: string;
  readonly read: string;
}

export class Resets implements Attack {
  readonly begun = Promise.resolve();
  readonly over: Promise<void>;
  readonly #target: Target;
  readonly #openings: readonly string[];
  readonly #counts = new Counts();
  readonly #open = new Set<Socket>();
  #left: number;
  #sayOver: () => void = () => {};

  constructor(target: Target, total: number, paths: ResetPaths) {
    this.#target = target;
    this.#left = total;
    const body = `POST ${paths.read} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\nten bytes.`;
    const whole = requestFor(paths.ok);
    this.#openings = ['', 'GET / HT', whole, whole + whole, body, requestFor(paths.big)];
    this.over = new Promise((resolve) => {
      this.#sayOver = resolve;
    });
    for (let index = 0; index < AT_ONCE; index++) this.#next();
  }

  stop(): Promise<Tally> {
    this.#left = 0;
    for (const socket of this.#open) socket.destroy();
    return Promise.resolve(this.#counts.tally);
  }

  #next(): void {
    if (this.#left === 0) {
      if (this.#open.size === 0) this.#sayOver();
      return;
    }
    this.#left -= 1;
    const socket = connect(this.#target);
    this.#open.add(socket);
    const opening = this.#openings[Math.floor(Math.random() * this.#openings.length)] ?? '';
    const end = (): void => {
      if (typeof this.#target.at === 'number') socket.resetAndDestroy();
      else socket.destroy();
    };
    const late = setTimeout(end, Math.random() * LIFE_MS_MAX);
    socket.on(readyEvent(this.#target), () => socket.write(opening));
    // One in four leaves at the first byte of its answer.
    if (Math.random() < 0.25) socket.once('data', end);
    else socket.resume();
    socket.on('error', () => {});
    socket.on('close', () => {
      clearTimeout(late);
      this.#open.delete(socket);
      this.#counts.add('reset by us');
      setImmediate(() => this.#next());
    });
  }
}
