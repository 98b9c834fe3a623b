// The sentences for an address that cannot be bound: what was wanted, who or what is in the way, what would be right.
// One Error with one message; the log prints the message alone.

import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { type BindAddress, formatBind } from '../../settings/bind.ts';
import { type Holder, whoListensOnPath, whoListensOnPort } from './who-listens.ts';

/** What clients can connect to. */
type NamedAddress = Exclude<BindAddress, { kind: 'fd' }>;

/** "http://127.0.0.1:8000", "https://[::1]:8000", "unix:/run/app.sock": as the log and the errors show an address. */
export function labelOf(address: NamedAddress, scheme: 'http' | 'https'): string {
  return address.kind === 'unix' ? `unix:${address.path}` : `${scheme}://${formatBind(address)}`;
}

/** `code`: the system's name for the failure, EADDRINUSE and so on; it is the error's `cause`. `flag`: what would name another one. */
export function cannotListen(address: BindAddress, code: string, flag = '--bind'): Error {
  return new Error(`Cannot listen on ${formatBind(address)}: ${reason(address, code, flag)}`, {
    cause: code,
  });
}

/** Of an error of `cannotListen`: the machine has no such address, as `::` where IPv6 is switched off. */
export function hasNoSuchAddress(error: unknown): boolean {
  const cause = error instanceof Error ? error.cause : null;
  return cause === 'EAFNOSUPPORT' || cause === 'EADDRNOTAVAIL';
}

/** Of an error of `cannotListen`: another process listens there. */
export function isInUse(error: unknown): boolean {
  return error instanceof Error && error.cause === 'EADDRINUSE';
}

function reason(address: BindAddress, code: string, flag: string): string {
  if (address.kind === 'fd') return `the system says ${code} to descriptor ${address.fd}.`;
  switch (code) {
    case 'EADDRINUSE':
      return inUse(
        address.kind === 'unix' ? whoListensOnPath(address.path) : whoListensOnPort(address.port),
        flag,
      );
    case 'EACCES':
      return address.kind === 'unix'
        ? whyNoFile(address.path)
        : 'permission denied. Ports below 1024 need root or CAP_NET_BIND_SERVICE; choose another --bind.';
    case 'EADDRNOTAVAIL':
      return 'this machine has no such address. Use one of its own, or 0.0.0.0 for all.';
    case 'EAFNOSUPPORT':
      return 'this machine has IPv6 switched off. Use an IPv4 address.';
    case 'ENOTFOUND':
      return 'the name cannot be resolved. Use an address, or a name that /etc/hosts or DNS knows.';
    case 'EINVAL':
    case 'ENAMETOOLONG':
      return 'the system does not take this address. A socket path may have at most 107 bytes.';
    default:
      return `the system says ${code}.`;
  }
}

/** libuv says "permission denied" for a missing folder too. */
function whyNoFile(path: string): string {
  return existsSync(dirname(path))
    ? 'permission denied. The folder must be writable for this user.'
    : 'its folder does not exist. Create it, or choose another --bind.';
}

function inUse(holder: Holder | null, flag: string): string {
  const remedy = `Stop it, or choose another ${flag}.`;
  if (holder === null) return `another process is listening there. ${remedy}`;
  return `process ${holder.pid} (${holder.name}) is listening there. ${remedy}`;
}
