// The control socket pair: questions to the Python process's main thread and their answers, each question with a bound
// on how long it is waited for. An answer proves that the interpreter runs and that its lock can be had.

import { Buffer } from 'node:buffer';
import type { Socket } from 'node:net';
import { FromControl, HEADER_BYTES, ToControl } from '../../wire/python-frame.ts';
import { writeHeader } from './environ.ts';
import { FrameReader, type FrameSink } from './frame-reader.ts';
import { WireSocket } from './wire-socket.ts';

export interface ControlListener {
  onLoading(payload: string): void;
  onReady(payload: string): void;
  onBootFailed(payload: string): void;
  onControlLost(why: string): void;
}

/** A text of all stacks is the largest thing that comes. */
const TEXT_MAX = 16_777_216;
const BOUNDS = new Map<number, number>([
  [FromControl.LOADING, 65_536],
  [FromControl.READY, 65_536],
  [FromControl.BOOT_FAILED, TEXT_MAX],
  [FromControl.PONG, 0],
  [FromControl.STACKS_ARE, TEXT_MAX],
  [FromControl.INTERRUPT_DONE, TEXT_MAX],
  [FromControl.WITHDRAWN, 20],
  [FromControl.LANDED_IS, 3],
  [FromControl.LEFT, 0],
  [FromControl.FILES_ARE, TEXT_MAX],
]);

export class ControlChannel implements FrameSink {
  readonly #wire: WireSocket;
  readonly #reader = new FrameReader(BOUNDS, -1, this);
  readonly #listener: ControlListener;
  readonly #answersLate: () => void;
  readonly #questions = new Map<number, (answer: string | null) => void>();
  #lastQuestion = 0;

  /** @param answersLate a question was answered that nobody waits for any more, and the answer proves as much as one in time */
  constructor(socket: Socket, listener: ControlListener, answersLate: () => void) {
    this.#listener = listener;
    this.#answersLate = answersLate;
    this.#wire = new WireSocket(socket, {
      onBytes: (bytes, length) => this.#reader.read(bytes, length),
      onClosed: () => this.#lose('its control socket has closed'),
    });
  }

  tell(kind: number, payload: Buffer, aux = 0): void {
    const frame = Buffer.allocUnsafe(HEADER_BYTES + payload.length);
    writeHeader(frame, payload.length, kind, aux);
    payload.copy(frame, HEADER_BYTES);
    this.#wire.write(frame, frame.length);
  }

  /** The answer, or null when it has not come within `withinMs` milliseconds or never will. */
  ask(kind: number, payload: Buffer, withinMs: number): Promise<string | null> {
    this.#lastQuestion = (this.#lastQuestion + 1) & 0xffffff;
    const question = this.#lastQuestion;
    return new Promise((resolve) => {
      // When our own loop stood still, the answer may be there unread: the turn's reads come before this is final.
      const late = (): NodeJS.Immediate => setImmediate(() => this.#settle(question, null));
      const deadline = setTimeout(late, withinMs);
      this.#questions.set(question, (answer) => {
        clearTimeout(deadline);
        resolve(answer);
      });
      this.tell(kind, payload, question);
    });
  }

  close(): void {
    this.#reader.stop();
    this.#wire.destroy();
    for (const question of [...this.#questions.keys()]) {
      this.#settle(question, null);
    }
  }

  onFrame(kind: number, aux: number, bytes: Buffer, start: number, end: number): void {
    const text = bytes.toString('utf8', start, end);
    if (kind === FromControl.LOADING) {
      this.#listener.onLoading(text);
    } else if (kind === FromControl.READY) {
      this.#listener.onReady(text);
    } else if (kind === FromControl.BOOT_FAILED) {
      this.#listener.onBootFailed(text);
    } else if (this.#questions.has(aux)) {
      this.#settle(aux, text);
    } else if (kind !== FromControl.WITHDRAWN) {
      // In time or not, WITHDRAWN says nothing of whether it runs.
      this.#answersLate();
    }
  }

  onStream(): void {}

  onPart(): void {}

  onBroken(why: string): void {
    this.#lose(`it broke its control wire: ${why}`);
  }

  #settle(question: number, answer: string | null): void {
    const resolve = this.#questions.get(question);
    this.#questions.delete(question);
    resolve?.(answer);
  }

  #lose(why: string): void {
    this.close();
    this.#listener.onControlLost(why);
  }
}

/** Payload of the frames that name a request: thread and request, or thread and descriptor. */
export function pair(first: number, second: number): Buffer {
  const bytes = Buffer.allocUnsafe(8);
  bytes.writeUInt32LE(first, 0);
  bytes.writeUInt32LE(second >>> 0, 4);
  return bytes;
}

export const EMPTY = Buffer.alloc(0);
export { ToControl };
