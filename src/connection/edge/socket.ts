// The edge of the connection machine: one accepted handle, read into a buffer that all connections share. With tls.ts,
// which builds on it, the only file that touches a client's socket. Uses the `handle` and `onread` options of net.Socket, the
// way net.Server itself makes its sockets; what is not in the documentation stands in `SocketOptions`.

import { Socket, type SocketConstructorOpts } from 'node:net';
import { STRANGER, type Standing } from '../../proxy/standing.ts';
import type { Peer } from '../../threads/app-thread.ts';
import { firstReading } from '../beginning.ts';
import type { ConnectionContext } from '../context.ts';
import type { Effects } from '../effects.ts';
import { Entrance } from '../entrance.ts';
import { Connection } from '../machine.ts';
import type { ConnectionCounts } from '../states/counts.ts';
import type { FirstReading } from '../states/states.ts';
import { lookOnce } from './last-looks.ts';
import { askSendQueue, type Tell } from './send-queue.ts';

/** What the acceptor is given by the kernel: Node.js's TCP or Pipe handle of an accepted connection. */
export interface AcceptedHandle {
  /** -1 when it is closed; not there on Windows. */
  readonly fd?: number;
  /** Bytes that libuv has and the kernel has not taken. */
  readonly writeQueueSize?: number;
  getpeername?(out: { address?: string; port?: number }): number;
  setNoDelay?(on: boolean): number;
  /** Closes with a RST; TCP alone has it. */
  reset?(): number;
  close(): void;
}

/** The peer of an accepted connection: what the listener knows, filled in with the client's address. */
export type PeerOf = (address: string, port: number) => Peer;

interface SocketOptions extends SocketConstructorOpts {
  handle: AcceptedHandle;
  writableHighWaterMark: number;
  onread: { buffer: Uint8Array; callback: (bytes: number, buffer: Uint8Array) => boolean };
}

/** One read of one client: as much as the kernel usually has, and no allocation for it. Valid until the next read. */
const READ_BUFFER = Buffer.allocUnsafeSlow(64 * 1024);

/** The limits do not let it in. Nothing was made for it: its handle is whoever's who asked. */
export type TurnedAway = 'turned away';

/** Makes a connection of an accepted handle; null as peerOfHandle. */
export function openConnection(
  handle: AcceptedHandle,
  context: ConnectionContext,
  peerOf: PeerOf,
): Connection | TurnedAway | null {
  const first = firstReading(context, 'new');
  return letIn(handle, context, peerOf, first, () => new PlainEdge(handle, context.counts));
}

/** Asks whether the handle's client may come, and only then has an edge made for it, which begins with `first`. */
export function letIn(
  handle: AcceptedHandle,
  context: ConnectionContext,
  peerOf: PeerOf,
  first: FirstReading,
  edgeOf: () => SocketEdge,
): Connection | TurnedAway | null {
  const peer = peerOfHandle(handle, peerOf);
  if (peer === null) return null;
  const standing = context.proxies?.standingOf(peer.address) ?? STRANGER;
  const entrance = entranceOf(context, peer, standing);
  if (entrance === null) return 'turned away';
  const edge = edgeOf();
  const connection = new Connection(context, edge, peer, first, standing, entrance);
  edge.connect(connection);
  return connection;
}

/** null: it is turned away, before anything is made for it. */
function entranceOf(
  context: ConnectionContext,
  { address }: Peer,
  standing: Standing,
): Entrance | null {
  const entrance = new Entrance(context);
  return entrance.mayCome(address, standing) ? entrance : null;
}

/**
 * Who is at the other end of a fresh handle. Must be asked before a socket takes the handle over. null: a client of TCP that
 * has reset its connection already. The kernel does not know any more where it came from, and what it has sent can still be
 * read: a request of nobody, that would be believed as if it came by a unix socket.
 */
function peerOfHandle(handle: AcceptedHandle, peerOf: PeerOf): Peer | null {
  const name: { address?: string; port?: number } = {};
  // A handle of a unix socket has no such question.
  if ((handle.getpeername?.(name) ?? 0) !== 0) return null;
  // Responses leave in one write each: waiting for more (Nagle) only ever delays them.
  handle.setNoDelay?.(true);
  return peerOf(name.address ?? '', name.port ?? 0);
}

/** What is the same with and without TLS. */
export abstract class SocketEdge implements Effects {
  /** What is written to and read from; with TLS another one after a PROXY header. */
  protected socket: Socket;
  /** Only TCP knows a RST. */
  protected readonly canReset: boolean;
  protected readonly handle: AcceptedHandle;
  protected connection: Connection | null = null;
  protected readonly counts: ConnectionCounts;
  /** A write could not be handed over whole: the next `drain` is its end. */
  #waits = false;

  /** @param socket has a `drain` event for whatever could not be written at once, however small */
  constructor(handle: AcceptedHandle, socket: Socket, counts: ConnectionCounts) {
    this.handle = handle;
    this.counts = counts;
    this.canReset = handle.setNoDelay !== undefined;
    this.socket = socket;
  }

  abstract get greeted(): boolean;

  connect(connection: Connection): void {
    this.connection = connection;
    const { socket } = this;
    socket.on('end', () => this.clientEnded(connection));
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

  protected clientEnded(connection: Connection): void {
    connection.ended();
  }

  write(bytes: Buffer | string): boolean {
    const { socket } = this;
    // Of a string each letter is a byte.
    this.counts.sent += bytes.length;
    if (typeof bytes === 'string') socket.write(bytes, 'latin1');
    else socket.write(bytes);
    this.#waits = socket.writableLength > 0;
    return !this.#waits;
  }

  later(): void {
    setImmediate(() => {
      const { connection } = this;
      if (connection?.sending && !this.#waits) connection.drained();
    });
  }

  look(): void {
    lookOnce(() => this.connection?.looked());
  }

  pauseReading(): void {
    this.socket.pause();
  }

  resumeReading(): void {
    this.socket.resume();
  }

  finish(): void {
    this.socket.end();
  }

  askKernel(tell: Tell): void {
    askSendQueue(this.handle.fd ?? -1, tell);
  }

  abstract close(): void;
  abstract reset(): void;
}

class PlainEdge extends SocketEdge {
  constructor(handle: AcceptedHandle, counts: ConnectionCounts) {
    const options: SocketOptions = {
      handle,
      allowHalfOpen: true,
      writableHighWaterMark: 1,
      onread: {
        buffer: READ_BUFFER,
        callback: (bytes) => {
          counts.received += bytes;
          this.connection?.bytes(READ_BUFFER.subarray(0, bytes));
          return true;
        },
      },
    };
    super(handle, new Socket(options), counts);
  }

  get greeted(): boolean {
    return false;
  }

  close(): void {
    this.socket.destroy();
  }

  reset(): void {
    if (this.canReset) this.socket.resetAndDestroy();
    else this.socket.destroy();
  }
}
