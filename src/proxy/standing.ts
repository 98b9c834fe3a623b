// What is believed of the client of a connection. Decided once, when it is accepted, by the address that it comes from:
// nothing that it sends later can change it.

import type { HeadLimits } from '../http1/limits.ts';
import type { Allowed } from './allowed.ts';

export interface Standing {
  /** It passes on requests of others: its fields about them count. */
  readonly forwards: boolean;
}

/** Nothing is believed. */
export const STRANGER: Standing = { forwards: false };
const FORWARDER: Standing = { forwards: true };

export class Proxies {
  /** How heads of those are read whose fields count. */
  readonly headLimits: HeadLimits;
  readonly #forwarders: Allowed;

  constructor(headLimits: HeadLimits, forwarders: Allowed) {
    this.headLimits = headLimits;
    this.#forwarders = forwarders;
  }

  /** @param address of the client's end of the connection; empty for a unix socket */
  standingOf(address: string): Standing {
    return this.#forwarders.admits(address) ? FORWARDER : STRANGER;
  }
}
