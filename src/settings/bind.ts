// An address to listen on, from its text. The forms are Gunicorn's (util.parse_address); what it would misread
// (an IPv6 address without brackets, a port alone, a path without unix:, nothing at all) is refused with what would be right.

import { isIPv4, isIPv6 } from 'node:net';

export type BindAddress =
  /** `host` without brackets; port 0 takes a free one. `ipv6Only`: a program wants `::` without IPv4. */
  | {
      readonly kind: 'tcp';
      readonly host: string;
      readonly port: number;
      readonly ipv6Only?: boolean;
    }
  /**
   * `path` as written: relative ones start at the working directory of whoever binds. `opens`: a program has asked for it, and for
   * these rights beyond its umask, as a mode.
   */
  | { readonly kind: 'unix'; readonly path: string; readonly opens?: number }
  /** A socket that whoever started us has bound already, by the number of its descriptor. */
  | { readonly kind: 'fd'; readonly fd: number };

/** The port of an address that names none. */
export const DEFAULT_PORT = 8000;

/** What the kernel has room for (sun_path: 108 bytes with the final NUL; macOS has 104). */
export const UNIX_PATH_BYTES_MAX = process.platform === 'darwin' ? 103 : 107;

/** Says what is wrong with an address; caught by the check of the setting. */
export class BindError extends Error {
  override name = 'BindError';
}

/** @throws BindError with a sentence without its full stop */
export function parseBind(text: string): BindAddress {
  if (text.startsWith('unix:')) return parseUnix(text.slice('unix:'.length));
  if (text.startsWith('fd://')) return parseDescriptor(text);
  const address = text.startsWith('tcp://') ? text.slice('tcp://'.length) : text;
  // A variable that was not set must not open the server to the world, as it does in Gunicorn.
  if (address === '') throw new BindError('it is empty; every IPv4 address is written :8000');
  if (/^https?:/.test(address)) throw new BindError('an address is HOST:PORT, without http://');
  if (/[/\\]/.test(address)) throw new BindError(`a socket file is written unix:${address}`);
  if (/\s/.test(address)) throw new BindError('an address has no blanks');
  if (address.startsWith('[')) return parseBracketed(address);
  return parsePlain(address);
}

/** As it is written in a log or a URL: "127.0.0.1:8000", "[::1]:8000", "unix:/run/app.sock", "fd://3". */
export function formatBind(address: BindAddress): string {
  if (address.kind === 'fd') return `fd://${address.fd}`;
  if (address.kind === 'unix') return `unix:${address.path}`;
  const host = address.host.includes(':') ? `[${address.host}]` : address.host;
  return `${host}:${address.port}`;
}

/** Whether two servers cannot have them both; of a name it is known only that it is the same one. Port 0 is free each time. */
export function isSameAddress(one: BindAddress, other: BindAddress): boolean {
  if (one.kind !== 'tcp' || other.kind !== 'tcp') return false;
  if (one.port !== other.port || one.port === 0) return false;
  // `::` takes the IPv4 addresses as well, but 0.0.0.0 no IPv6 ones.
  const covers = (wide: string, narrow: string): boolean =>
    wide === '::' || (wide === '0.0.0.0' && !narrow.includes(':'));
  return one.host === other.host || covers(one.host, other.host) || covers(other.host, one.host);
}

/** The largest number that a descriptor can have: a C int. */
const MAX_DESCRIPTOR = 2_147_483_647;

function parseDescriptor(text: string): BindAddress {
  const fd = Number(/^fd:\/\/(\d+)$/.exec(text)?.[1] ?? Number.NaN);
  if (fd <= MAX_DESCRIPTOR) return { kind: 'fd', fd };
  throw new BindError(
    'a socket that is open already is written fd://3, with the number of its descriptor',
  );
}

function parseUnix(rest: string): BindAddress {
  const path = rest.startsWith('//') ? rest.slice(2) : rest;
  if (path === '') throw new BindError('unix: needs a path behind it');
  if (path.includes('\0')) throw new BindError('a path has no NUL character');
  const bytes = Buffer.byteLength(path);
  if (bytes > UNIX_PATH_BYTES_MAX) {
    throw new BindError(
      `the path of a unix socket has at most ${UNIX_PATH_BYTES_MAX} bytes, this one has ${bytes}`,
    );
  }
  return { kind: 'unix', path };
}

function parseBracketed(address: string): BindAddress {
  const parts = /^\[([^\]]*)\](?::(.*))?$/.exec(address);
  if (parts === null) throw new BindError('an IPv6 address is written [::1]:8000');
  const [, host = '', port] = parts;
  if (!isIPv6(host)) throw new BindError(`'${host}' is not an IPv6 address`);
  return { kind: 'tcp', host: host.toLowerCase(), port: parsePort(port) };
}

function parsePlain(address: string): BindAddress {
  const [host = '', port, ...more] = address.split(':');
  if (more.length > 0) {
    const hint = isIPv6(address) ? `[${address}]:${DEFAULT_PORT}` : '[::1]:8000';
    throw new BindError(`an IPv6 address needs brackets, as in ${hint}`);
  }
  if (port === undefined && /^\d+$/.test(host)) throw new BindError(`a port is written :${host}`);
  return { kind: 'tcp', host: parseHost(host), port: parsePort(port) };
}

/** An empty host is every IPv4 address, as in Gunicorn. */
function parseHost(host: string): string {
  if (host === '') return '0.0.0.0';
  if (/^[\d.]+$/.test(host) && !isIPv4(host))
    throw new BindError(`'${host}' is not an IPv4 address`);
  if (!/^[a-z0-9]([a-z0-9._-]*[a-z0-9.])?$/i.test(host)) {
    throw new BindError(`'${host}' is not a host name`);
  }
  return host.toLowerCase();
}

/** The sentence is Gunicorn's. */
function parsePort(text: string | undefined): number {
  if (text === undefined) return DEFAULT_PORT;
  if (!/^\d+$/.test(text)) throw new BindError(`'${text}' is not a valid port number`);
  const port = Number(text);
  if (port > 65_535) throw new BindError(`'${text}' is not a valid port number: the last is 65535`);
  return port;
}
