// What signals mean while a server starts, which takes as long as its hooks and the loading of its application. A stop takes
// down what has begun; whatever else is asked for is done when there is somebody to do it. Unheard, SIGHUP and SIGTERM would
// leave pid file and sockets behind, and SIGUSR1 would open the inspector of Node.js.

import type { Log } from '../observe/log.ts';
import type { Deeds } from './signals.ts';

type Wish = Exclude<keyof Deeds, 'stop'>;

/** How many of each are kept: more of the first say no more, of TTIN and TTOU as many as Gunicorn keeps (SIG_QUEUE). */
const KEPT: { readonly [W in Wish]: number } = {
  reload: 1,
  reopenLogs: 1,
  upgrade: 1,
  rest: 1,
  more: 5,
  fewer: 5,
};

export class Starting implements Deeds {
  readonly #log: () => Log;
  readonly #stopped = new AbortController();
  readonly #wishes: Wish[] = [];
  #how: 'gently' | 'at once' | null = null;

  constructor(log: () => Log) {
    this.#log = log;
  }

  /** It is not to serve any more. */
  get stopped(): AbortSignal {
    return this.#stopped.signal;
  }

  stop(how: 'gently' | 'at once'): void {
    this.#how ??= how;
    this.#stopped.abort();
  }

  reload(): void {
    this.#keep('reload');
  }

  more(): void {
    this.#keep('more');
  }

  fewer(): void {
    this.#keep('fewer');
  }

  reopenLogs(): void {
    this.#keep('reopenLogs');
  }

  upgrade(): void {
    this.#keep('upgrade');
  }

  rest(): void {
    this.#keep('rest');
  }

  /** Asks another for what was asked of us, in the same order; after a stop for that alone. */
  passOn(to: Deeds): void {
    if (this.#how !== null) to.stop(this.#how);
    else for (const wish of this.#wishes) to[wish]();
  }

  #keep(wish: Wish): void {
    if (this.#wishes.filter((one) => one === wish).length >= KEPT[wish]) return;
    this.#wishes.push(wish);
    this.#log().debug('That waits until the server has started.');
  }
}
