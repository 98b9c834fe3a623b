// Binds the addresses of --bind and keeps the handles open as long as the server lives, without ever listening or
// accepting: workers get duplicates and do that. As long as this handle is open the kernel keeps the queue, whatever
// becomes of the workers. The one file that uses Node.js's underscore API for it.

import dns from 'node:dns/promises';
import { chmodSync, lchownSync, statSync } from 'node:fs';
import net from 'node:net';
import { getSystemErrorName } from 'node:util';
import { type BindAddress, formatBind } from '../../settings/bind.ts';
import type { ListenerAddress } from '../../wire/arbiter-worker.ts';
import type { Owner } from '../owner.ts';
import { cannotListen, labelOf } from './bind-error.ts';
import { passedSocket } from './passed-socket.ts';
import type { Patience } from './patience.ts';
import { bindSharedPort } from './shared-port.ts';
import { freeSocketPath, SocketFile } from './socket-path.ts';

declare const listenHandle: unique symbol;
/** A bound socket that child_process can send to a worker (net.Native: the arbiter's own stays open). */
export type ListenHandle = net.Server & { readonly [listenHandle]: true };

export interface Listener {
  /** As it was asked for, in one spelling. */
  readonly bind: string;
  readonly address: ListenerAddress;
  /** null once closed. */
  readonly handle: ListenHandle | null;
  /** The socket's descriptor, for another arbiter; -1 once closed. */
  readonly fd: number;
  /** False for a unix socket whose file was removed or replaced: nobody who comes finds it. */
  readonly isReachable: boolean;
  /** Frees the port; removes the socket file if it is still this socket's. Harmless when closed. */
  close(): void;
  /** Another arbiter goes on with the same socket: nothing is freed, and a socket file stays when this process ends. */
  leave(): void;
}

/** What we use of the handle that net._createServerHandle makes (TCP or Pipe of Node.js's binding). */
interface RawHandle {
  readonly fd: number;
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

/** Listening sockets that are there already, by their address in one spelling. */
export interface Present {
  /** Of this arbiter, kept over a reload. */
  readonly own?: readonly Listener[];
  /** Of a reload that has not come to its end: this one may take its place. */
  readonly beside?: readonly Listener[];
  /** Open descriptors for addresses: of the arbiter that started this one. */
  readonly inherited?: ReadonlyMap<string, number>;
}

/** How sockets are made that are not there yet. */
export interface Making {
  /** For the file of a unix socket; null: nobody has said, see bindPath. */
  readonly umask: number | null;
  /** Who gets that file; null: it stays with who made it. */
  readonly owner: Owner | null;
  /** The Python that binds TCP ports so that other servers may have them, too (`reuse_port`); null: nobody else may. */
  readonly sharedBy: string | null;
  /** Asks again for an address that is in use; null: that is the end of it. */
  readonly patience: Patience | null;
}

const PLAINLY: Making = { umask: null, owner: null, sharedBy: null, patience: null };

/**
 * Binds all addresses or none; what is `present` is taken as it is, but for an own socket that is not reachable any more. Throws an Error with a sentence for people, and when it is
 * `stopped` meanwhile.
 */
export async function bindAll(
  addresses: readonly BindAddress[],
  scheme: 'http' | 'https' = 'http',
  { own: serving = [], beside = [], inherited = new Map() }: Present = {},
  making: Making = PLAINLY,
  stopped: AbortSignal | null = null,
): Promise<Listener[]> {
  const create = createServerHandle();
  const listeners: Listener[] = [];
  const own = [...serving, ...beside];
  const kept = new Map(own.map((listener) => [listener.bind, listener]));
  try {
    for (const [index, address] of addresses.entries()) {
      const name = formatBind(address);
      const known = kept.get(name);
      // Each is taken once: the same address given twice is the mistake that it always was.
      kept.delete(name);
      const fd = inherited.get(name);
      if (known?.isReachable) listeners.push(known);
      else if (address.kind === 'fd') {
        if (fd === undefined) assertNotOurs(address, [...own, ...listeners]);
        listeners.push(openPassed(create, index, address, fd, scheme));
      } else if (fd !== undefined)
        listeners.push(openInherited(create, index, address, fd, scheme));
      else {
        const bind = (): Promise<Listener> =>
          address.kind === 'unix'
            ? bindPath(create, index, address, scheme, making)
            : bindPort(create, index, address, scheme, making);
        listeners.push(await (making.patience?.bind(address, stopped, bind) ?? bind()));
      }
    }
    stopped?.throwIfAborted();
    return listeners;
  } catch (error) {
    for (const listener of listeners.filter((each) => !own.includes(each))) {
      if (inherited.has(listener.bind)) listener.leave();
      else listener.close();
    }
    throw error;
  }
}

type SocketName = Pick<ListenerAddress, 'host' | 'port'>;
type AddressOf<K extends BindAddress['kind']> = Extract<BindAddress, { kind: K }>;

/** Numbers of descriptors that were passed to us and that a reload has closed: what they lead to now is something else. */
const givenUp = new Set<number>();

function assertNotOurs({ fd }: AddressOf<'fd'>, ours: readonly Listener[]): void {
  if (!givenUp.has(fd) && !ours.some((each) => each.fd === fd)) return;
  throw new Error(
    `Cannot listen on fd://${fd}: descriptor ${fd} is this server's own by now. Start the server anew to pass it again.`,
  );
}

/** A socket of whoever started this server; `fd` where the arbiter before us has opened it. */
function openPassed(
  create: CreateServerHandle,
  index: number,
  asked: AddressOf<'fd'>,
  fd: number | undefined,
  scheme: 'http' | 'https',
): Listener {
  const passed = passedSocket(asked.fd, fd);
  const handle = opened(create, asked, fd ?? asked.fd);
  const { host, port } =
    passed.kind === 'unix' ? { host: passed.path, port: 0 } : nameOf(handle, { host: '', port: 0 });
  const label = labelOf(passed.kind === 'unix' ? passed : { kind: 'tcp', host, port }, scheme);
  return keep(handle, asked, { index, label, host, port });
}

function opened(create: CreateServerHandle, asked: BindAddress, fd: number): RawHandle {
  const handle = create('', 0, -1, fd, 0);
  if (typeof handle === 'number') throw cannotListen(asked, codeOf(handle));
  return handle;
}

/** `otherwise`: where the system does not say. */
function nameOf(handle: RawHandle, otherwise: SocketName): SocketName {
  const bound: { address?: string; port?: number } = {};
  handle.getsockname?.(bound);
  return { host: bound.address ?? otherwise.host, port: bound.port ?? otherwise.port };
}

/** The same socket that another arbiter has bound. */
function openInherited(
  create: CreateServerHandle,
  index: number,
  asked: AddressOf<'tcp' | 'unix'>,
  fd: number,
  scheme: 'http' | 'https',
): Listener {
  const handle = opened(create, asked, fd);
  if (asked.kind === 'unix') {
    const address = { index, label: labelOf(asked, scheme), host: asked.path, port: 0 };
    return keep(handle, asked, address);
  }
  const { host, port } = nameOf(handle, asked);
  const label = labelOf({ kind: 'tcp', host, port }, scheme);
  return keep(handle, asked, { index, label, host, port });
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

/** UV_TCP_IPV6ONLY. */
const IPV6_ONLY = 1;

async function bindPort(
  create: CreateServerHandle,
  index: number,
  asked: AddressOf<'tcp'>,
  scheme: 'http' | 'https',
  { sharedBy }: Making,
): Promise<Listener> {
  const { host: name, port, ipv6Only = false } = asked;
  const { host, family } = await resolveHost(name, port);
  const handle =
    sharedBy === null
      ? create(host, port, family, -1, ipv6Only ? IPV6_ONLY : 0)
      : await bindShared({ host, port, family, ipv6Only }, sharedBy);
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
  return keep(handle, asked, { index, label, host: bound.address ?? host, port: realPort });
}

async function bindShared(
  address: Parameters<typeof bindSharedPort>[0],
  python: string,
): Promise<RawHandle> {
  const shared = await bindSharedPort(address, python);
  if ('handle' in shared) return shared.handle as RawHandle;
  throw cannotListen({ kind: 'tcp', host: address.host, port: address.port }, shared.code);
}

/**
 * Gunicorn's default umask is 0: any local user, such as the proxy's, may connect, and folder permissions restrict it. What a
 * program asks for itself has the umask that it would have without us.
 */
async function bindPath(
  create: CreateServerHandle,
  index: number,
  asked: AddressOf<'unix'>,
  scheme: 'http' | 'https',
  making: Making,
): Promise<Listener> {
  const { path } = asked;
  await freeSocketPath(path);
  const mask = making.umask ?? (asked.opens === undefined ? 0 : null);
  const before = mask === null ? null : process.umask(mask);
  try {
    const handle = create(path, -1, -1, -1, 0);
    if (typeof handle === 'number') throw cannotListen({ kind: 'unix', path }, codeOf(handle));
    giveSocket(handle, asked, making.owner);
    const label = labelOf({ kind: 'unix', path }, scheme);
    return keep(handle, asked, { index, label, host: path, port: 0 });
  } finally {
    if (before !== null) process.umask(before);
  }
}

/** To its owner, and to whoever it was asked to be open to. */
function giveSocket(
  handle: RawHandle,
  { path, opens }: AddressOf<'unix'>,
  owner: Owner | null,
): void {
  try {
    if (owner !== null) lchownSync(path, owner.uid, owner.gid);
    if (opens) chmodSync(path, statSync(path).mode | opens);
  } catch (error) {
    handle.close();
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'EPERM';
    throw cannotListen({ kind: 'unix', path }, code);
  }
}

function keep(raw: RawHandle, asked: BindAddress, address: ListenerAddress): Listener {
  const file = asked.kind === 'unix' ? new SocketFile(asked.path) : null;
  let handle: ListenHandle | null = raw as unknown as ListenHandle;
  return {
    bind: formatBind(asked),
    address,
    get handle() {
      return handle;
    },
    get fd() {
      return handle === null ? -1 : raw.fd;
    },
    get isReachable() {
      return file === null || file.isThere;
    },
    close: () => {
      if (handle === null) return;
      if (file === null) raw.close();
      else file.closeWith(() => raw.close());
      if (asked.kind === 'fd') givenUp.add(asked.fd);
      handle = null;
    },
    leave: () => {
      if (handle !== null && asked.kind === 'unix') exitWithoutClosing();
      handle = null;
    },
  };
}

let exiting = false;

/** Node.js closes the handles that are left when a process ends by itself, and libuv then removes the files of its sockets; not
 * so when it is told to exit. Comes behind whoever writes logs on `exit`. */
function exitWithoutClosing(): void {
  if (!exiting) process.on('exit', (code) => process.exit(code));
  exiting = true;
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
