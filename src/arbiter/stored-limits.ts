// The counts of a host that shares a store with others: puts together the host's own count, what is leased of the store, and what
// the log is told when the store falls silent and when it answers again.

import { later } from '../clock.ts';
import type { LocalTokens } from '../limits/local.ts';
import { Reach } from '../limits/reach.ts';
import { StoredTokens } from '../limits/stored-tokens.ts';
import type { TokenLimit } from '../limits/tokens.ts';
import type { Log } from '../observe/log.ts';
import { Seldom } from '../observe/seldom.ts';
import { parseLimitStore } from '../settings/limit-store.ts';
import type { Settings } from '../settings/settings.ts';
import { StoreLender } from './limit-store.ts';

/** Of limit_store_timeout: the worker that asks waits for all of it, and should hear the host's own count before. */
const PART = 0.6;

/** null: there is no store. */
export function storedTokens(
  settings: Settings,
  limits: readonly TokenLimit[],
  local: LocalTokens,
  now: () => number,
  log: () => Log,
): { readonly tokens: StoredTokens; close(): void } | null {
  const text = settings.limit_store;
  const store = text === null ? null : parseLimitStore(text);
  if (store === null || limits.length === 0) return null;
  const timeoutMs = settings.limit_store_timeout * 1000 * PART;
  const reach = new Reach({ timeoutMs, now, later });
  let why = '';
  const lender = new StoreLender({
    store,
    prefix: settings.limit_store_prefix,
    limits,
    now,
    failed: (reason) => {
      if (!reach.silent) why = reason;
      reach.failed();
    },
    ready: () => reach.answered(),
  });
  tellOf(reach, store.label, now, log, () => {
    const reason = why === '' ? `it did not within ${timeoutMs} ms` : why;
    why = '';
    return reason;
  });
  const tokens = new StoredTokens({ limits, local, lender, reach, now, later });
  lender.open();
  return { tokens, close: () => lender.close() };
}

function tellOf(
  reach: Reach,
  label: string,
  now: () => number,
  log: () => Log,
  why: () => string,
): void {
  const seldom = new Seldom();
  let told = false;
  reach.onChange((state) => {
    if (state === 'silent') {
      const reason = why();
      told = seldom.claim(now());
      if (!told) return;
      log().warning(
        `The limit store at ${label} does not answer: ${reason}. This host goes by its own count until it does.`,
        { metric: 'tunicorn.limits.store_silent', value: 1, mtype: 'counter' },
      );
    } else if (told) {
      log().warning(`The limit store at ${label} answers again.`);
    }
  });
}
