// Binds the addresses of --bind and keeps the handles open as long as the server lives, without ever listening or
// accepting: workers get duplicates and do that. As long as this handle is open the kernel keeps the queue, whatever
// becomes of the workers. The one file that uses Node.js's underscore API for it.

import dns from 'node:dns/promises';
import net from 'node:net';
import { getSystemErrorName } from 'node:util';
import type { BindAddress } from '../settings/bind.ts';
import type { ListenerAddress } from '../wire/arbiter-worker.ts';
import { cannotListen, labelOf } from './bind-error.ts';
import { freeSocketPath } from './socket-path.ts';

declare const listenHandle: unique symbol;
/** A bound socket that child_process can send to a worker (net.Native: the arbiter's own stays open). */
export type ListenHandle = net.Server & { readonly [listenHandle]: true };

export interface Listener {
  readonly address: ListenerAddress;
  /** null once closed. */
  readonly handle: ListenHandle | null;
  /** Frees the port; removes the socket file. Harmless when closed. */
  close(): void;
}

/** What we use of the handle that net._createServerHandle makes (TCP or Pipe of Node.js's binding). */
interface RawHandle {
  getsockname?(into: { address?: string; port?: number }): number;
  close(): void;
}

type CreateServerHandle = (
  address: string,
  port: number,
  family: number,
  fd: number,
  flags: number,
) => RawHandle | number;

/** Binds all addresses or none. Throws an Error with a sentence for people. */
export async function bindAll(
  addresses: readonly BindAddress[],
  scheme: 'http' | 'https' = 'http',
): Promise<Listener[]> {
  const create = createServerHandle();
  const listeners: Listener[] = [];
  try {
    for (const [index, address] of addresses.entries()) {
      listeners.push(
        address.kind === 'unix'
          ? await bindPath(create, index, address.path, scheme)
          : await bindPort(create, index, address.host, address.port, scheme),
      );
    }
    return listeners;
  } catch (error) {
    for (const listener of listeners) listener.close();
    throw error;
  }
}

/** The feature test: releases of Node.js may move or take away what begins with an underscore. */
function createServerHandle(): CreateServerHandle {
  const create: unknown = Reflect.get(net, '_createServerHandle');
  if (typeof create !== 'function') {
    throw new Error(
      `Node.js ${process.version} has no net._createServerHandle, which shares a listening socket with the workers. Use a release of Node.js that has it: 20.19 or 24.`,
    );
  }
  return create as CreateServerHandle;
}

async function bindPort(
  create: CreateServerHandle,
  index: number,
  name: string,
  port: number,
  scheme: 'http' | 'https',
): Promise<Listener> {
  const { host, family } = await resolveHost(name, port);
  const handle = create(host, port, family, -1, 0);
  if (typeof handle === 'number') throw cannotListen({ kind: 'tcp', host, port }, codeOf(handle));
  // libuv keeps "address in use" to itself until somebody asks for the name or listens.
  const bound: { address?: string; port?: number } = {};
  const failure = handle.getsockname?.(bound) ?? 0;
  if (failure !== 0) {
    handle.close();
    throw cannotListen({ kind: 'tcp', host, port }, codeOf(failure));
  }
  const realPort = bound.port ?? port;
  const label = labelOf({ kind: 'tcp', host, port: realPort }, scheme);
  return keep(handle, { index, label, host: bound.address ?? host, port: realPort });
}

async function bindPath(
  create: CreateServerHandle,
  index: number,
  path: string,
  scheme: 'http' | 'https',
): Promise<Listener> {
  await freeSocketPath(path);
  // Gunicorn's default umask is 0: any local user, such as the proxy's, may connect. Folder permissions restrict it.
  const umask = process.umask(0);
  try {
    const handle = create(path, -1, -1, -1, 0);
    if (typeof handle === 'number') throw cannotListen({ kind: 'unix', path }, codeOf(handle));
    const label = labelOf({ kind: 'unix', path }, scheme);
    return keep(handle, { index, label, host: path, port: 0 });
  } finally {
    process.umask(umask);
  }
}

function keep(raw: RawHandle, address: ListenerAddress): Listener {
  let handle: ListenHandle | null = raw as unknown as ListenHandle;
  return {
    address,
    get handle() {
      return handle;
    },
    close: () => {
      // For a unix socket libuv removes the file as well.
      if (handle !== null) raw.close();
      handle = null;
    },
  };
}

/** As Gunicorn: a name means its IPv4 address if it has one. */
async function resolveHost(name: string, port: number): Promise<{ host: string; family: number }> {
  const family = net.isIP(name);
  if (family !== 0) return { host: name, family };
  try {
    const found = await dns.lookup(name, { all: true });
    const first = found.find((each) => each.family === 4) ?? found[0];
    if (first !== undefined) return { host: first.address, family: first.family };
  } catch {
    // Told below, in our words.
  }
  throw cannotListen({ kind: 'tcp', host: name, port }, 'ENOTFOUND');
}

function codeOf(errno: number): string {
  return getSystemErrorName(errno);
}
