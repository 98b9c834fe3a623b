// What a program asks for with `server.listen(...)`, in all the forms that Node.js knows (documentation of net.Server,
// "server.listen()"). What is no address, such as a descriptor, stays unnamed.

import { lookup } from 'node:dns/promises';
import type net from 'node:net';
import { resolve } from 'node:path';
import type { AskedAddress } from '../../../../wire/addresses.ts';

export interface Asked {
  readonly address: AskedAddress | null;
  readonly callback: (() => void) | null;
  readonly signal: AbortSignal | null;
}

interface ListenOptions {
  readonly port?: unknown;
  readonly host?: unknown;
  readonly path?: unknown;
  readonly fd?: unknown;
  readonly signal?: unknown;
  readonly ipv6Only?: unknown;
  readonly readableAll?: unknown;
  readonly writableAll?: unknown;
}

/** What Node.js adds to the rights of a unix socket for `readableAll` and `writableAll`. */
const READ_BY_ALL = 0o444;
const WRITTEN_BY_ALL = 0o222;

/** null: Node.js itself is to say what is wrong with them. */
export function readListenArguments(args: readonly unknown[]): Asked | null {
  const last = args.at(-1);
  const callback = typeof last === 'function' ? (last as () => void) : null;
  const [first, second] = args;
  const ofOptions = (options: ListenOptions): Asked | null => {
    const address = addressOf(options);
    const signal = options.signal instanceof AbortSignal ? options.signal : null;
    return address === undefined ? null : { address, callback, signal };
  };
  if (typeof first === 'object' && first !== null) return ofOptions(first);
  if (typeof first === 'string' && portOf(first) === null) return ofOptions({ path: first });
  const host = typeof second === 'string' ? { host: second } : {};
  return ofOptions({ port: typeof first === 'function' ? undefined : first, ...host });
}

/** null: something that has no address; undefined: nothing that Node.js takes. */
function addressOf(options: ListenOptions): AskedAddress | null | undefined {
  const { port, host, path, fd } = options;
  if ('_handle' in options || 'handle' in options || typeof fd === 'number') return null;
  if (typeof path === 'string' && port === undefined)
    return { kind: 'path', path: wholePath(path), ...rights(options) };
  // One that is undefined stands for any; one that is not there is forgotten.
  const number = 'port' in options ? portOf(port ?? 0) : null;
  if (number === null) return undefined;
  return {
    kind: 'port',
    host: typeof host === 'string' && host !== '' ? host : null,
    port: number,
    ...(options.ipv6Only === true ? { ipv6Only: true } : {}),
  };
}

function rights({ readableAll, writableAll }: ListenOptions): { opens?: number } {
  const opens =
    (readableAll === true ? READ_BY_ALL : 0) | (writableAll === true ? WRITTEN_BY_ALL : 0);
  return opens === 0 ? {} : { opens };
}

/** What Node.js is to be asked for so that it listens there: rights are told to it as the options that they came from. */
export function listenOptions(
  address: AskedAddress,
): Pick<net.ListenOptions, 'host' | 'port' | 'ipv6Only' | 'path' | 'readableAll' | 'writableAll'> {
  if (address.kind === 'port') {
    const { kind, host, ...port } = address;
    return { ...port, ...(host === null ? {} : { host }) };
  }
  const { path, opens = 0 } = address;
  return {
    path,
    readableAll: (opens & READ_BY_ALL) !== 0,
    writableAll: (opens & WRITTEN_BY_ALL) !== 0,
  };
}

/** Of the host that is named, as the server takes it: its IPv4 address if it has one. What has none the server says itself. */
export async function numberOf(host: string): Promise<string> {
  const found = await lookup(host, { all: true }).catch(() => []);
  return (found.find(({ family }) => family === 4) ?? found[0])?.address ?? host;
}

/** From the folder that the program is in; `\\0` begins an abstract name. */
function wholePath(path: string): string {
  return path.startsWith('\0') ? path : resolve(path);
}

function portOf(value: unknown): number | null {
  const isText = typeof value === 'string' && value.trim() !== '';
  if (typeof value !== 'number' && !isText) return null;
  const port = Number(value);
  return Number.isInteger(port) && port >= 0 && port <= 65535 ? port : null;
}
