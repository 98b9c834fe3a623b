// The edge of the connection machine: one accepted handle, read into a buffer that all connections share. The only file
// that touches a client's socket. Uses the `handle` and `onread` options of net.Socket, the way net.Server itself makes
// its sockets; what is not in the documentation stands in `SocketOptions`.

import { Socket, type SocketConstructorOpts } from 'node:net';
import type { Peer } from '../threads/app-thread.ts';
import type { ConnectionContext } from './context.ts';
import type { Effects } from './effects.ts';
import { Connection } from './machine.ts';
import { askSendQueue, type Tell } from './send-queue.ts';

/** What the acceptor is given by the kernel: Node.js's TCP or Pipe handle of an accepted connection. */
export interface AcceptedHandle {
  /** -1 when it is closed; not there on Windows. */
  readonly fd?: number;
  getpeername?(out: { address?: string; port?: number }): number;
  setNoDelay?(on: boolean): number;
  close(): void;
}

interface SocketOptions extends SocketConstructorOpts {
  handle: AcceptedHandle;
  writableHighWaterMark: number;
  onread: { buffer: Uint8Array; callback: (bytes: number, buffer: Uint8Array) => boolean };
}

/** One read of one client: as much as the kernel usually has, and no allocation for it. Valid until the next read. */
const READ_BUFFER = Buffer.allocUnsafeSlow(64 * 1024);

/** Makes a connection of an accepted handle. `peerOf` fills in what the listener knows. */
export function openConnection(
  handle: AcceptedHandle,
  context: ConnectionContext,
  peerOf: (address: string, port: number) => Peer,
): Connection {
  const name: { address?: string; port?: number } = {};
  handle.getpeername?.(name);
  // Responses leave in one write each: waiting for more (Nagle) only ever delays them.
  handle.setNoDelay?.(true);
  const edge = new SocketEdge(handle);
  const connection = new Connection(context, edge, peerOf(name.address ?? '', name.port ?? 0));
  edge.connect(connection);
  return connection;
}

class SocketEdge implements Effects {
  readonly greeted = false;
  readonly #socket: Socket;
  readonly #handle: AcceptedHandle;
  /** Only TCP knows a RST. */
  readonly #canReset: boolean;
  #connection: Connection | null = null;
  /** A write could not be handed over whole: the next `drain` is its end. */
  #waits = false;

  constructor(handle: AcceptedHandle) {
    const options: SocketOptions = {
      handle,
      allowHalfOpen: true,
      // A drain event for whatever could not be written at once, however small.
      writableHighWaterMark: 1,
      onread: {
        buffer: READ_BUFFER,
        callback: (bytes) => {
          this.#connection?.bytes(READ_BUFFER.subarray(0, bytes));
          return true;
        },
      },
    };
    this.#handle = handle;
    this.#canReset = handle.setNoDelay !== undefined;
    this.#socket = new Socket(options);
  }

  connect(connection: Connection): void {
    this.#connection = connection;
    const socket = this.#socket;
    socket.on('end', () => connection.ended());
    // Only what had to wait is of interest: releases of Node.js differ in whether others are told, too.
    socket.on('drain', () => {
      if (!this.#waits) return;
      this.#waits = false;
      connection.drained();
    });
    // A reset by the client, a broken pipe: `close` follows and tells all there is to tell.
    socket.on('error', () => {});
    socket.on('close', () => connection.closed());
  }

  write(bytes: Buffer | string): boolean {
    const socket = this.#socket;
    if (typeof bytes === 'string') socket.write(bytes, 'latin1');
    else socket.write(bytes);
    this.#waits = socket.writableLength > 0;
    return !this.#waits;
  }

  later(): void {
    setImmediate(() => {
      const connection = this.#connection;
      if (connection?.sending && !this.#waits) connection.drained();
    });
  }

  pauseReading(): void {
    this.#socket.pause();
  }

  resumeReading(): void {
    this.#socket.resume();
  }

  finish(): void {
    this.#socket.end();
  }

  askKernel(tell: Tell): void {
    askSendQueue(this.#handle.fd ?? -1, tell);
  }

  close(): void {
    this.#socket.destroy();
  }

  reset(): void {
    if (this.#canReset) this.#socket.resetAndDestroy();
    else this.#socket.destroy();
  }
}
