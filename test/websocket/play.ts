// Plays one case at a server and writes down what comes back: every frame, and how the connection ended.

import net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { soon } from '../support/eventually.ts';
import { close, frame, handshake, readFrame } from '../support/websocket-frames.ts';
import type { Case, Step } from './cases.ts';

const SYNC = 'have you seen it?';

export interface Outcome {
  /** Of the answer to the handshake. */
  readonly head: string;
  /** FIN, RSV and opcode in hexadecimal, and the payload (of long ones length and end) in turn. */
  readonly frames: readonly string[];
  readonly ended: 'end' | 'reset';
}

class Player {
  readonly frames: string[] = [];
  head = '';
  ended: 'end' | 'reset' | null = null;
  pongs = 0;
  #closeSent = false;
  #bytes = Buffer.alloc(0);
  readonly #socket: net.Socket;
  #wake: () => void = () => {};

  constructor(port: number) {
    this.#socket = net.connect({ host: '127.0.0.1', port, noDelay: true, allowHalfOpen: true });
    this.#socket.on('data', (bytes) => {
      this.#bytes = Buffer.concat([this.#bytes, bytes]);
      this.#read();
      this.#wake();
    });
    this.#socket.on('drain', () => this.#wake());
    this.#socket.on('end', () => this.#end('end'));
    this.#socket.on('error', () => this.#end('reset'));
    this.#socket.on('close', () => this.#end('end'));
  }

  async send(bytes: Buffer, chop = bytes.length): Promise<void> {
    for (let at = 0; at < bytes.length && this.ended === null; at += chop) {
      const piece = bytes.subarray(at, at + chop);
      if (!this.#socket.write(piece)) await this.until(() => !this.#socket.writableNeedDrain);
      // Each in a segment of its own, as far as a socket can be told so.
      else if (chop < bytes.length) await new Promise(setImmediate);
    }
  }

  /** Looked at whenever something has happened. */
  async until(test: () => boolean): Promise<void> {
    while (!test() && this.ended === null) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  close(): void {
    if (this.#closeSent || this.ended !== null) return;
    this.#closeSent = true;
    this.#socket.write(close(1000));
  }

  /** What the case sends by itself. */
  noteClose(): void {
    this.#closeSent = true;
  }

  destroy(): void {
    this.#socket.destroy();
  }

  #read(): void {
    if (this.head === '') {
      const end = this.#bytes.indexOf('\r\n\r\n');
      if (end < 0) return;
      this.head = this.#bytes.toString('latin1', 0, end);
      this.#bytes = this.#bytes.subarray(end + 4);
    }
    for (;;) {
      const next = readFrame(this.#bytes);
      if (next === null) return;
      this.#bytes = Buffer.from(next.rest);
      const { first, payload } = next.received;
      if (payload.toString('latin1') === SYNC) this.pongs += 1;
      const hex = payload.subarray(0, 200).toString('hex');
      this.frames.push(`${first.toString(16)} ${payload.length} ${hex} ${sumOf(payload)}`);
      // A close is answered with its own code.
      if ((first & 0x0f) === 8 && !this.#closeSent) {
        this.#closeSent = true;
        this.#socket.write(frame(8, Buffer.from(payload.subarray(0, 2))));
      }
    }
  }

  #end(how: 'end' | 'reset'): void {
    this.ended ??= how;
    this.#socket.end();
    this.#wake();
  }
}

function sumOf(bytes: Buffer): number {
  let sum = 0;
  for (const byte of bytes) sum = (sum * 31 + byte) >>> 0;
  return sum;
}

export async function play(port: number, path: string, one: Case): Promise<Outcome> {
  const player = new Player(port);
  try {
    return await soon(played(player, path, one), `the end of case ${one.name}`);
  } finally {
    player.destroy();
  }
}

async function played(player: Player, path: string, one: Case): Promise<Outcome> {
  await player.send(Buffer.from(handshake(path, one.offer)));
  await player.until(() => player.head !== '');
  if (!one.closes) player.noteClose();
  for (const step of one.steps) await take(player, step);
  if (one.closes) {
    await take(player, { wait: 'pong' });
    player.close();
  }
  await player.until(() => player.ended !== null);
  const { head, frames, ended } = player;
  return { head, frames, ended: ended ?? 'end' };
}

async function take(player: Player, step: Step): Promise<void> {
  if ('send' in step) await player.send(step.send, step.chop);
  else if (typeof step.wait === 'number') await sleep(step.wait);
  else {
    const before = player.pongs;
    await player.send(frame(9, SYNC));
    await player.until(() => player.pongs > before);
  }
}
