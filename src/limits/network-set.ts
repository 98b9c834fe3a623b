// A list of addresses and networks as allow, deny and limit_exempt have it: is this client in it? Sorted and put together once,
// so that a list of a hundred thousand networks costs a connection some comparisons. Pure.

import { ipv4Number } from '../proxy/allowed.ts';
import { type Network, parseNetwork } from '../settings/networks.ts';
import { ipv4In, ipv6Groups } from './client.ts';

/** First and last address of each, in order; none touches the next. */
class Ranges<N extends number | bigint> {
  readonly #firsts: N[] = [];
  readonly #lasts: N[] = [];

  constructor(ranges: readonly (readonly [first: N, last: N])[]) {
    const sorted = [...ranges].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
    for (const [first, last] of sorted) {
      const end = this.#lasts.at(-1);
      if (end === undefined || first > end) {
        this.#firsts.push(first);
        this.#lasts.push(last);
      } else if (last > end) this.#lasts[this.#lasts.length - 1] = last;
    }
  }

  has(address: N): boolean {
    let low = 0;
    let high = this.#firsts.length - 1;
    while (low <= high) {
      const middle = (low + high) >> 1;
      if (address < (this.#firsts[middle] as N)) high = middle - 1;
      else if (address > (this.#lasts[middle] as N)) low = middle + 1;
      else return true;
    }
    return false;
  }
}

export class NetworkSet {
  readonly #ipv4: Ranges<number>;
  readonly #ipv6: Ranges<bigint>;

  /** @throws NetworkError */
  constructor(networks: readonly string[]) {
    const ipv4: [number, number][] = [];
    const ipv6: [bigint, bigint][] = [];
    for (const network of networks.map(parseNetwork)) {
      const mapped = network.family === 6 ? asIpv4(network) : network;
      if (mapped !== null) {
        const first = ipv4Number(mapped.address);
        ipv4.push([first, first + 2 ** (32 - mapped.prefix) - 1]);
      } else {
        const first = numberOf(ipv6Groups(network.address) ?? []);
        ipv6.push([first, first + (1n << BigInt(128 - network.prefix)) - 1n]);
      }
    }
    this.#ipv4 = new Ranges(ipv4);
    this.#ipv6 = new Ranges(ipv6);
  }

  /** Any text may be asked. */
  has(address: string): boolean {
    const number = ipv4Number(address);
    if (number >= 0) return this.#ipv4.has(number);
    const groups = address.includes(':') ? ipv6Groups(address) : null;
    if (groups === null) return false;
    const mapped = ipv4In(groups);
    return mapped === null ? this.#ipv6.has(numberOf(groups)) : this.#ipv4.has(ipv4Number(mapped));
  }
}

/** ::ffff:10.0.0.0/104 is 10.0.0.0/8; null for what is none of those. */
function asIpv4({ address, prefix }: Network): Pick<Network, 'address' | 'prefix'> | null {
  const mapped = prefix < 96 ? null : ipv4In(ipv6Groups(address) ?? []);
  return mapped === null ? null : { address: mapped, prefix: prefix - 96 };
}

function numberOf(groups: readonly number[]): bigint {
  return groups.reduce((value, group) => (value << 16n) | BigInt(group), 0n);
}
