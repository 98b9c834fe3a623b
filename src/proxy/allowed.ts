// A list of addresses and networks, asked once for each connection: may its client say what only a proxy may say? An
// IPv4 client of an IPv6 socket (::ffff:10.0.0.1) is looked up by its IPv4 address, as people write it into such a list.

import { BlockList, isIP } from 'node:net';

export interface AllowedNetwork {
  readonly address: string;
  readonly family: 4 | 6;
  readonly prefix: number;
}

export class Allowed {
  readonly #everybody: boolean;
  readonly #networks: BlockList | null;

  constructor(networks: readonly AllowedNetwork[], everybody: boolean) {
    this.#everybody = everybody;
    this.#networks = networks.length === 0 ? null : new BlockList();
    for (const { address, family, prefix } of networks) {
      this.#networks?.addSubnet(address, prefix, family === 4 ? 'ipv4' : 'ipv6');
    }
  }

  /** @param address of the client's end of the connection; empty for a unix socket, whose mode says who may connect */
  admits(address: string): boolean {
    return this.#everybody || address === '' || this.names(address);
  }

  /** It is one of the list, which "everybody" is not. Any text may be asked. */
  names(address: string): boolean {
    if (this.#networks === null) return false;
    const family = isIP(address);
    if (family === 0) return false;
    // The zone of a link-local address (fe80::1%eth0) is passed over.
    return this.#networks.check(address, family === 4 ? 'ipv4' : 'ipv6');
  }
}
