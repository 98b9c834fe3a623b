// The stacks of a Python process that does not answer: a signal makes faulthandler write them, which needs neither the
// interpreter's lock nor a thread that runs. What it writes has no end mark, so a pause in it is taken for the end.

import type { Socket } from 'node:net';

/** Without a byte for this long after the first, the dump is complete. It is written in one go, within a millisecond. */
const QUIET_MS = 30;
/** A process that writes nothing in this time does not even run signal handlers (stopped, or dead). */
const FIRST_MS = 500;
/** More than this is cut off: it would only fill the log. */
const TEXT_MAX = 65_536;

export class FaultStacks {
  #text = '';
  #last = '';
  #onText: (() => void) | null = null;
  #asked: Promise<string> | null = null;
  readonly #socket: Socket;

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.setEncoding('latin1');
    socket.on('data', (text: string) => {
      this.#text = (this.#text + text).slice(0, TEXT_MAX);
      this.#onText?.();
    });
  }

  /** Sends the signal by `send` and resolves to what was written; empty when nothing comes. */
  ask(send: () => void): Promise<string> {
    this.#asked ??= this.#collect(send).finally(() => {
      this.#asked = null;
    });
    return this.#asked;
  }

  close(): void {
    this.#socket.destroy();
  }

  #collect(send: () => void): Promise<string> {
    this.#text = '';
    return new Promise((resolve) => {
      const before = this.#last;
      const done = (): void => {
        this.#onText = null;
        // One that is being killed writes nothing any more: it was there a moment ago.
        this.#last = this.#text === '' ? before : this.#text;
        resolve(this.#last);
      };
      let timer = setTimeout(done, FIRST_MS);
      this.#onText = () => {
        clearTimeout(timer);
        timer = setTimeout(done, QUIET_MS);
      };
      send();
    });
  }
}
