// Tokens of all hosts: each host holds to the rate by itself, exactly, and leases what it lets through of a store, which bounds
// the sum. Where the store does not answer, the host has its share: the limit by as many hosts as were seen lately.

import type { Grant } from './bucket.ts';
import { STORE_TERMS } from './debts.ts';
import { TokenLeases } from './leases.ts';
import type { Lender } from './lender.ts';
import type { LocalTokens } from './local.ts';
import type { Reach } from './reach.ts';
import { Share } from './share.ts';
import type { TokenLimit } from './tokens.ts';

/** Nobody tells how many hosts there are: leases are cut as for so many. */
const HOSTS = 4;

export interface StoredTokensParts {
  readonly limits: readonly TokenLimit[];
  readonly local: LocalTokens;
  readonly lender: Lender;
  readonly reach: Reach;
  /** How many hosts the store counts for, as far as is known. */
  hosts(): number;
  /** So many tokens were handed out by this host alone. */
  grantedAlone(count: number): void;
  now(): number;
  later(ms: number, deed: () => void): void;
}

export class StoredTokens {
  readonly #local: LocalTokens;
  readonly #leases: TokenLeases;
  readonly #lender: Lender;
  readonly #reach: Reach;
  /** What goes on while the store does not answer. */
  readonly #share: Share;
  readonly #grantedAlone: (count: number) => void;

  constructor(parts: StoredTokensParts) {
    this.#local = parts.local;
    this.#lender = parts.lender;
    this.#reach = parts.reach;
    this.#grantedAlone = parts.grantedAlone;
    this.#share = new Share(parts.limits, parts.now, parts.hosts);
    this.#leases = new TokenLeases({
      ...parts,
      borrowers: HOSTS,
      alone: { take: (limit, key, count) => this.#alone(limit, key, count) },
      terms: STORE_TERMS,
    });
  }

  take(limit: number, key: string, count: number): Grant | Promise<Grant> {
    const own = this.#local.take(limit, key, count);
    if (own.granted === 0) return own;
    const stored = this.#leases.take(limit, key, own.granted);
    const both = (lease: Grant): Grant => this.#both(limit, key, count, own, lease);
    return stored instanceof Promise ? stored.then(both) : both(stored);
  }

  /** To be called a few times a second. */
  tend(): void {
    this.#share.tend();
  }

  #alone(limit: number, key: string, count: number): Grant {
    const grant = this.#share.take(limit, key, count);
    this.#grantedAlone(grant.granted);
    return grant;
  }

  giveBack(limit: number, key: string, count: number): void {
    this.#local.giveBack(limit, key, count);
    if (this.#reach.silent) this.#leases.owe(limit, key, -count);
    else this.#lender.giveBack(limit, key, count);
  }

  charge(limit: number, key: string, count: number): void {
    this.#local.charge(limit, key, count);
    this.#leases.owe(limit, key, count);
  }

  #both(limit: number, key: string, count: number, own: Grant, lease: Grant): Grant {
    const refused = own.granted - lease.granted;
    if (refused > 0) this.#local.giveBack(limit, key, refused);
    if (!this.#reach.silent && lease.granted > 0) this.#share.used(limit, key, lease.granted);
    return {
      granted: lease.granted,
      // Alone nothing is known of the others.
      remaining: this.#reach.silent ? own.remaining : Math.min(own.remaining, lease.remaining),
      resetMs: Math.max(own.resetMs, lease.resetMs),
      retryMs: lease.granted < count ? Math.max(own.retryMs, lease.retryMs) : 0,
    };
  }
}
