// What was refused because of limits, counted by reason, once each, and by whom; and, now and then, a sentence for the log about what
// came since the last one. The counts are what a worker reports; nothing here decides.

import type { Reason, Refused } from './refused.ts';
import { RefusedClients } from './refused-clients.ts';

interface Count extends Pick<Refused, 'reason' | 'limit' | 'dry'> {
  total: number;
  told: number;
  last: string;
}

const WORDS: { readonly [R in Reason]: readonly [what: string, by: (limit: string) => string] } = {
  denied: ['client', () => 'allow or deny'],
  connections: ['connection', () => 'limit_connections'],
  'requests at once': ['request', () => 'limit_connections'],
  rate: ['request', (limit) => `the limit "${limit}"`],
};

/** Before the name of what only would have been refused (limit_dry_run). */
const DRY = 'dry ';

/** @param what one of `totals` */
export function readRefused(what: string): { readonly reason: string; readonly isDry: boolean } {
  const isDry = what.startsWith(DRY);
  return { reason: isDry ? what.slice(DRY.length) : what, isDry };
}

export class Refusals {
  /** Whom. */
  readonly clients = new RefusedClients();
  readonly #now: () => number;
  readonly #counts = new Map<string, Count>();
  #untold = 0;

  /** @param now monotonic milliseconds */
  constructor(now: () => number) {
    this.#now = now;
  }

  note(refused: Refused): void {
    const { reason, limit, client, dry } = refused;
    const key = `${dry ? DRY : ''}${reason}${limit === '' ? '' : ` ${limit}`}`;
    let count = this.#counts.get(key);
    if (count === undefined) {
      count = { reason, limit, dry, total: 0, told: 0, last: '' };
      this.#counts.set(key, count);
    }
    count.total += 1;
    count.last = client;
    this.#untold += 1;
    this.clients.note(refused, this.#now());
  }

  /** Something was refused since the last sentence. */
  get untold(): boolean {
    return this.#untold > 0;
  }

  /** Since the start, by reason and limit: "rate login", "connections". */
  get totals(): { readonly [what: string]: number } {
    return Object.fromEntries([...this.#counts].map(([key, { total }]) => [key, total]));
  }

  /** What came since this was asked last. */
  takeUntold(): { readonly count: number; readonly words: string } {
    const count = this.#untold;
    const parts: string[] = [];
    for (const one of this.#counts.values()) {
      const fresh = one.total - one.told;
      if (fresh === 0) continue;
      one.told = one.total;
      const [what, by] = WORDS[one.reason];
      const words = `${fresh} ${what}${fresh === 1 ? '' : 's'} by ${by(one.limit)}`;
      const last = one.last === '' ? '' : `, the last of ${one.last}`;
      parts.push(`${words}${last}${one.dry ? ' (limit_dry_run: served all the same)' : ''}`);
    }
    this.#untold = 0;
    return { count, words: `Refused: ${parts.join('; ')}.` };
  }
}
