// What any thread of the application tells the loop, by itself and while whatever else it has to say waits: that a
// request needs more time, and lines for the error log. What comes here that is no note is dropped, with everything after it.

import type { Socket } from 'node:net';
import { LOG_LEVELS } from '../../wire/log-levels.ts';
import { LOG_MAX, NOTE_BYTES, NOTE_CODES, Note } from '../../wire/python-frame.ts';
import { FrameReader, type FrameSink } from './frame-reader.ts';
import { WireSocket } from './wire-socket.ts';

export interface NotesListener {
  /** The request of this thread shall not be overdue before so many ms from now. */
  onExtend(thread: number, request: number, ms: number): void;
}

export type WriteLog = (
  level: (typeof LOG_LEVELS)[number],
  text: string,
  facts?: { readonly code: string },
) => void;

const BOUNDS = new Map<number, number>([
  [Note.EXTEND, NOTE_BYTES],
  [Note.LOG, LOG_MAX],
]);

export class Notes implements FrameSink {
  readonly #listener: NotesListener;
  readonly #log: WriteLog;
  readonly #wire: WireSocket;
  readonly #reader = new FrameReader(BOUNDS, -1, this);

  constructor(socket: Socket, listener: NotesListener, log: WriteLog) {
    this.#listener = listener;
    this.#log = log;
    this.#wire = new WireSocket(socket, {
      onBytes: (bytes, length) => this.#reader.read(bytes, length),
      onClosed: () => {},
    });
  }

  close(): void {
    this.#reader.stop();
    this.#wire.destroy();
  }

  onFrame(kind: number, aux: number, bytes: Buffer, start: number, end: number): void {
    if (kind === Note.LOG) {
      const level = LOG_LEVELS[aux & 0xff] ?? 'info';
      const code = NOTE_CODES[aux >> 8] ?? '';
      this.#log(level, bytes.toString('utf8', start, end), ...(code === '' ? [] : [{ code }]));
      return;
    }
    if (end - start < NOTE_BYTES) return;
    const [thread, request, ms] = [0, 4, 8].map((at) => bytes.readUInt32LE(start + at));
    this.#listener.onExtend(thread ?? 0, request ?? 0, ms ?? 0);
  }

  onStream(): void {}

  onPart(): void {}

  onBroken(): void {
    this.close();
  }
}
