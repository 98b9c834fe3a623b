// A list of addresses and networks: may this client say what only a proxy may say? Asked once for each connection, and for
// the hops of X-Forwarded-For with each request, so IPv4 is compared as numbers; an IPv4 client of an IPv6 socket
// (::ffff:10.0.0.1) is looked up by its IPv4 address, as people write it into such a list.

import { BlockList, isIPv6 } from 'node:net';

export interface AllowedNetwork {
  readonly address: string;
  readonly family: 4 | 6;
  readonly prefix: number;
}

export class Allowed {
  readonly #everybody: boolean;
  /** First and last address of each IPv4 network. */
  readonly #ranges: (readonly [first: number, last: number])[] = [];
  /** All of them, for addresses of IPv6; null when there are none. */
  readonly #networks: BlockList | null;

  constructor(networks: readonly AllowedNetwork[], everybody: boolean) {
    this.#everybody = everybody;
    this.#networks = networks.length === 0 ? null : new BlockList();
    for (const { address, family, prefix } of networks) {
      this.#networks?.addSubnet(address, prefix, family === 4 ? 'ipv4' : 'ipv6');
      if (family === 6) continue;
      const first = ipv4Number(address);
      this.#ranges.push([first, first + 2 ** (32 - prefix) - 1]);
    }
  }

  /** @param address of the client's end of the connection; empty for a unix socket, whose mode says who may connect */
  admits(address: string): boolean {
    return this.#everybody || address === '' || this.names(address);
  }

  /** It is one of the list, which "everybody" is not. Any text may be asked. */
  names(address: string): boolean {
    if (this.#networks === null) return false;
    const number = ipv4Number(address);
    if (number >= 0) return this.#ranges.some(([first, last]) => first <= number && number <= last);
    // The zone of a link-local address (fe80::1%eth0) is passed over.
    return isIPv6(address) && this.#networks.check(address, 'ipv6');
  }
}

const DOT = 0x2e;

/** "10.0.0.1" as a number; -1 for what is no IPv4 address in four parts without leading zeros. */
export function ipv4Number(text: string): number {
  if (text.length > 15) return -1;
  let value = 0;
  let parts = 0;
  let part = -1;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    const digit = code - 0x30;
    if (code === DOT && part >= 0) {
      value = value * 256 + part;
      parts += 1;
      part = -1;
    } else if (digit < 0 || digit > 9 || part === 0) return -1;
    else part = part < 0 ? digit : part * 10 + digit;
    if (part > 255 || parts > 3) return -1;
  }
  return parts === 3 && part >= 0 ? value * 256 + part : -1;
}
