// Addresses and networks as settings list them: 10.0.0.1, 10.0.0.0/8, fd00::/8. Read as Python's ipaddress.ip_network
// reads them, because a list that works with Gunicorn must mean the same here; what it refuses is refused.

import { isIP, SocketAddress } from 'node:net';

export interface Network {
  readonly address: string;
  readonly family: 4 | 6;
  /** How many bits the addresses of the network share; 32 or 128 is one address. */
  readonly prefix: number;
}

/** No network; the message ends the sentence of the setting: "10.0.0.1/8 has host bits set". */
export class NetworkError extends Error {}

/** The path in `file:PATH`, which stands for the networks in that file; null for anything else. */
export function filePathIn(item: string): string | null {
  return /^file:(?:\/\/)?(.+)$/s.exec(item)?.[1] ?? null;
}

/** @throws NetworkError */
export function parseNetwork(text: string): Network {
  const slash = text.indexOf('/');
  const address = slash === -1 ? text : text.slice(0, slash);
  const family = familyOf(address);
  if (family === null || address.includes('%')) {
    throw new NetworkError(`${JSON.stringify(address)} is no IP address`);
  }
  const width = family === 4 ? 32 : 128;
  const prefix = slash === -1 ? width : prefixOf(text.slice(slash + 1), family);
  const hostBits = BigInt(width - prefix);
  const value = numberOf(address, family);
  if ((value >> hostBits) << hostBits !== value) {
    const network = addressOf((value >> hostBits) << hostBits, family);
    throw new NetworkError(`it has host bits set, the network is ${network}/${prefix}`);
  }
  return { address, family, prefix };
}

function familyOf(address: string): 4 | 6 | null {
  if (!address.includes(':')) return isIP(address) === 4 ? 4 : null;
  // Not isIP: its pattern for IPv6 takes each process longer to compile than all other settings take to be checked.
  try {
    return new SocketAddress({ address, family: 'ipv6' }).family === 'ipv6' ? 6 : null;
  } catch {
    return null;
  }
}

/** "8", or for IPv4 "255.0.0.0". */
function prefixOf(text: string, family: 4 | 6): number {
  const width = family === 4 ? 32 : 128;
  if (/^\d{1,3}$/.test(text) && Number(text) <= width) return Number(text);
  if (family === 4 && isIP(text) === 4) {
    const ones = numberOf(text, 4).toString(2).padStart(32, '0');
    const prefix = ones.lastIndexOf('1') + 1;
    if (!ones.slice(0, prefix).includes('0')) return prefix;
  }
  throw new NetworkError(`what follows the / must be a number from 0 to ${width}`);
}

function numberOf(address: string, family: 4 | 6): bigint {
  const parts = family === 4 ? address.split('.').map(Number) : groupsOf(address);
  const bits = family === 4 ? 8n : 16n;
  return parts.reduce((value, part) => (value << bits) | BigInt(part), 0n);
}

/** The eight groups of an IPv6 address; a URL's parser writes each in the same way. */
function groupsOf(address: string): number[] {
  const written = new URL(`http://[${address}]`).hostname.slice(1, -1);
  const [before = '', after] = written.split('::');
  const groups = (text: string): number[] =>
    text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16));
  if (after === undefined) return groups(before);
  const [first, last] = [groups(before), groups(after)];
  return [...first, ...new Array<number>(8 - first.length - last.length).fill(0), ...last];
}

function addressOf(value: bigint, family: 4 | 6): string {
  const [count, bits] = family === 4 ? [4, 8n] : [8, 16n];
  const parts = Array.from({ length: count }, (_, n) => {
    const shift = BigInt(count - 1 - n) * bits;
    return Number((value >> shift) & ((1n << bits) - 1n));
  });
  if (family === 4) return parts.join('.');
  const written = parts.map((part) => part.toString(16)).join(':');
  return new URL(`http://[${written}]`).hostname.slice(1, -1);
}
