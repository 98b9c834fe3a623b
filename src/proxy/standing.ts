// What is believed of the client of a connection. Decided once, when it is accepted, by the address that it comes from:
// nothing that it sends later can change it.

import type { HeadLimits } from '../http1/limits.ts';
import type { Allowed } from './allowed.ts';
import type { ProxyVersions } from './header.ts';

export interface Standing {
  /** It passes on requests of others: its fields about them count. */
  readonly forwards: boolean;
  /** It passes on connections of others: it may say whose by a PROXY header. */
  readonly introduces: boolean;
}

/** Nothing is believed. */
export const STRANGER: Standing = { forwards: false, introduces: false };

const FORWARDER: Standing = { forwards: true, introduces: false };

/** The same object for the same standing. */
const STANDINGS: readonly Standing[] = [
  STRANGER,
  FORWARDER,
  { forwards: false, introduces: true },
  { forwards: true, introduces: true },
];

export class Proxies {
  /** How heads of those are read whose fields count. */
  readonly headLimits: HeadLimits;
  /** PROXY headers that a connection may begin with; null: none does. */
  readonly versions: ProxyVersions | null;
  readonly #forwarders: Allowed;
  readonly #introducers: Allowed;

  constructor(
    headLimits: HeadLimits,
    forwarders: Allowed,
    versions: ProxyVersions | null,
    introducers: Allowed,
  ) {
    this.headLimits = headLimits;
    this.versions = versions;
    this.#forwarders = forwarders;
    this.#introducers = introducers;
  }

  /** @param address of the client's end of the connection; empty for a unix socket */
  standingOf(address: string): Standing {
    const forwards = this.#forwarders.admits(address) ? 1 : 0;
    const introduces = this.versions !== null && this.#introducers.admits(address) ? 2 : 0;
    return STANDINGS[forwards + introduces] ?? STRANGER;
  }

  /** What a PROXY header makes of it that names this client: whether that one brings requests of others in turn. */
  standingOfNamed({ forwards }: Standing, client: string): Standing {
    return forwards && this.#forwarders.admits(client) ? FORWARDER : STRANGER;
  }
}
