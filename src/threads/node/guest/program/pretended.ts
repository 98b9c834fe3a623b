// A net.Server that listens by its own account while nothing is bound: what node:cluster gives its workers as well (`rr()` in
// lib/internal/cluster/child.js). `listening`, `address()`, `close()` and their events are as of any other server.

import type { Server } from 'node:net';
import type { BoundAddress } from '../../../../wire/addresses.ts';

/** What Node.js's own methods of a server use, which its type does not name. */
interface Internals {
  _handle: object | null;
  _pipeName?: string;
  _emitCloseIfDrained(): void;
}

interface Name {
  address?: string;
  family?: string;
  port?: number;
}

/** `closed` is called once it is to listen no more. `address()` answers what `address` says by then. */
export function pretend(server: Server, address: () => BoundAddress, closed: () => void): void {
  const internals = server as unknown as Internals;
  const handle = { close: closed, listen: () => 0, ref: () => {}, unref: () => {} };
  const { host, port } = address();
  // A handle that can be asked for its name is that of a port: `address()` of a unix socket is its path.
  if (port === 0 && /^[/\0]/.test(host)) {
    internals._handle = handle;
    internals._pipeName = host;
  } else internals._handle = { ...handle, getsockname: (name: Name) => tell(name, address()) };
}

function tell(name: Name, { host, port }: BoundAddress): 0 {
  Object.assign(name, { address: host, family: host.includes(':') ? 'IPv6' : 'IPv4', port });
  return 0;
}

/** What `getConnections` answers, and what `close` waits for: requests, where the connections are another's. */
export function countConnections(server: Server, count: () => number): void {
  Object.defineProperty(server, '_connections', {
    configurable: true,
    get: count,
    set: () => undefined,
  });
}

/** Emits 'close' where the server was closed and its last request is over. */
export function closeIfIdle(server: Server): void {
  (server as unknown as Internals)._emitCloseIfDrained();
}

/** 'listening', unless it was closed meanwhile. */
export function sayListening(server: Server): void {
  const handle = (server as unknown as Internals)._handle;
  process.nextTick(() => {
    if ((server as unknown as Internals)._handle === handle && handle !== null)
      server.emit('listening');
  });
}
