// One end of a socket pair to the Python process, without what net.Socket costs on a hot path: reads go into one shared
// buffer, and a write is a single system call from the caller's own bytes. This is the one file that touches what
// Node.js does not document (the handle of a socket and its descriptor); without them it falls back to plain sockets.

import { Buffer } from 'node:buffer';
import { writeSync } from 'node:fs';
import { Socket, type SocketConstructorOpts } from 'node:net';

/** Hears what comes. The bytes of `onBytes` are valid during the call only. */
export interface WireListener {
  onBytes(bytes: Buffer, length: number): void;
  /** The other end has closed or the socket has failed. Called once; never after `destroy`. */
  onClosed(): void;
}

/** Reads never overlap (a callback runs to its end before the next read), so one buffer serves all sockets. */
const READ_BYTES = 65_536;
const readBuffer = Buffer.allocUnsafeSlow(READ_BYTES);

/** The documented part of net.Socket plus the handle that stands behind it. */
type SocketWithHandle = Socket & { _handle?: { readonly fd?: number } | null };

export class WireSocket {
  readonly #socket: Socket;
  readonly #listener: WireListener;
  /** For writing without a detour; -1 where it cannot be had. */
  #fd: number;
  #closed = false;

  constructor(stdio: Socket, listener: WireListener) {
    this.#listener = listener;
    this.#fd = descriptorOf(stdio);
    this.#socket = this.#fd >= 0 ? this.#adopt(stdio) : stdio;
    if (this.#socket === stdio) {
      stdio.on('data', (bytes: Buffer) => listener.onBytes(bytes, bytes.length));
    }
    this.#socket.on('end', () => this.#close());
    this.#socket.on('error', () => this.#close());
    this.#socket.on('close', () => this.#close());
  }

  /** Sends bytes[0, length). They are the caller's again when this returns. */
  write(bytes: Buffer, length: number): void {
    if (this.#closed) {
      return;
    }
    let sent = 0;
    if (this.#fd >= 0 && this.#socket.writableLength === 0) {
      sent = this.#writeNow(bytes, length);
      if (sent === length) {
        return;
      }
    }
    this.#socket.write(Buffer.from(bytes.subarray(sent, length)));
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  destroy(): void {
    this.#closed = true;
    this.#fd = -1;
    this.#socket.destroy();
  }

  /** Takes over the handle of the socket that child_process made, which is left without one. */
  #adopt(stdio: SocketWithHandle): Socket {
    const handle = stdio._handle;
    const options = {
      handle,
      onread: {
        buffer: readBuffer,
        callback: (length: number): boolean => {
          this.#listener.onBytes(readBuffer, length);
          return true;
        },
      },
    };
    stdio._handle = null;
    return new Socket(options as SocketConstructorOpts);
  }

  /** How many bytes the kernel took. An error here is EAGAIN (full) or the end, which the socket will report. */
  #writeNow(bytes: Buffer, length: number): number {
    try {
      return writeSync(this.#fd, bytes, 0, length);
    } catch {
      return 0;
    }
  }

  #close(): void {
    if (!this.#closed) {
      this.destroy();
      this.#listener.onClosed();
    }
  }
}

/** The same connection as a socket that has read nothing, for one whose first bytes were read by somebody else. */
export function unreadSocket(socket: SocketWithHandle): Socket {
  const handle = socket._handle;
  socket._handle = null;
  const options = { handle, manualStart: true };
  const fresh = new Socket(options as SocketConstructorOpts);
  // As those of child_process: its reader, or the end of the process, tells what matters.
  return fresh.on('error', () => {});
}

function descriptorOf(stdio: SocketWithHandle): number {
  const fd = stdio._handle?.fd;
  return typeof fd === 'number' ? fd : -1;
}
