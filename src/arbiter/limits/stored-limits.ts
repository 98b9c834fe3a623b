// The counts of a host that shares a store with others: puts together the host's own count, what is leased of the store, and what
// the log is told when the store falls silent and when it answers again.

import { later } from '../../clock.ts';
import type { LocalTokens } from '../../limits/local.ts';
import { Reach } from '../../limits/reach.ts';
import { StoredTokens } from '../../limits/stored-tokens.ts';
import type { TokenLimit } from '../../limits/tokens.ts';
import { escapeWords } from '../../observe/escape.ts';
import type { Log } from '../../observe/log.ts';
import { Seldom } from '../../observe/seldom.ts';
import { parseLimitStore } from '../../settings/limit-store.ts';
import type { Settings } from '../../settings/settings.ts';
import { HOSTS_LOOK_MS, type Hosts } from './hosts.ts';
import { StoreLender } from './limit-store.ts';

/** That it does not answer is said no more often. */
const TELL_MS = 10_000;

/** Whoever keeps count of a store that does not answer; `store`: any object that stands for it. */
export interface SilenceWatcher {
  fellSilent(store: object): void;
  /** It answers again, or nobody asks it any more. */
  over(store: object): void;
  /** So many tokens were handed out without it. */
  grantedWithout(count: number): void;
}

/** What is the same for all generations. */
export interface StoreNeighbours {
  readonly hosts: Hosts;
  readonly silences: SilenceWatcher;
}

/** null: there is no store. */
export function storedTokens(
  settings: Settings,
  limits: readonly TokenLimit[],
  local: LocalTokens,
  now: () => number,
  log: () => Log,
  { hosts, silences }: StoreNeighbours,
): { readonly tokens: StoredTokens; close(): void } | null {
  const text = settings.limit_store;
  const store = text === null ? null : parseLimitStore(text);
  if (store === null || limits.length === 0) return null;
  const timeoutMs = settings.limit_store_timeout * 1000;
  const reach = new Reach({ timeoutMs, now, later });
  let why = '';
  const lender = new StoreLender({
    store,
    prefix: settings.limit_store_prefix,
    limits,
    now,
    failed: (reason) => {
      // Its own words, whatever it is.
      if (!reach.silent) why = escapeWords(reason);
      reach.failed();
    },
    asked: () => reach.asked(),
  });
  const silentSoLong = `it did not within ${timeoutMs} ms`;
  const news = { label: store.label, now, later, log };
  new StoreNews(reach, {
    ...news,
    why: () => {
      const reason = why === '' ? silentSoLong : why;
      why = '';
      return reason;
    },
  });
  let closed = false;
  // Also where nobody asks: workers remember who is refused.
  const look = (): void => {
    if (!reach.silent || closed) return;
    if (reach.probes()) lender.look();
    later(Math.ceil(reach.probeInMs), look);
  };
  reach.onChange((state) => {
    if (state === 'silent') later(Math.ceil(reach.probeInMs), look);
  });
  reach.onChange((state) => {
    if (state === 'silent') silences.fellSilent(reach);
    else silences.over(reach);
  });
  const tokens = new StoredTokens({
    ...{ limits, local, lender, reach, now, later },
    hosts: () => hosts.known,
    grantedAlone: (count) => silences.grantedWithout(count),
  });
  lender.open();
  const tending = setInterval(() => {
    tokens.tend();
    if (!reach.silent) void hosts.look((count) => lender.countHosts(count));
  }, HOSTS_LOOK_MS).unref();
  const close = (): void => {
    closed = true;
    clearInterval(tending);
    silences.over(reach);
    lender.close();
  };
  return { tokens, close };
}

export interface StoreNewsParts {
  readonly label: string;
  readonly now: () => number;
  readonly later: (ms: number, deed: () => void) => void;
  readonly log: () => Log;
  /** A clause for the log: why it does not answer, asked once for each time. */
  readonly why: () => string;
}

/** What the log is told of a store. The last line says how it is, also of one that comes and goes. */
export class StoreNews {
  readonly #reach: Reach;
  readonly #parts: StoreNewsParts;
  readonly #seldom = new Seldom(TELL_MS);
  /** The last line says that it does not answer. */
  #saidSilent = false;
  /** How often it fell silent since that was said. */
  #untold = 0;
  #why = '';
  #waits = false;

  constructor(reach: Reach, parts: StoreNewsParts) {
    this.#reach = reach;
    this.#parts = parts;
    reach.onChange((state) => {
      if (state === 'silent') {
        this.#untold += 1;
        this.#why = parts.why();
        this.#tellSilent();
      } else if (this.#saidSilent) {
        this.#saidSilent = false;
        parts.log().warning(`The limit store at ${parts.label} answers again.`);
      }
    });
  }

  #tellSilent(): void {
    const { label, now, log } = this.#parts;
    if (!this.#seldom.claim(now())) {
      this.#lookLater();
      return;
    }
    const value = this.#untold;
    this.#untold = 0;
    this.#saidSilent = true;
    log().warning(
      `The limit store at ${label} does not answer: ${this.#why}. This host goes by its own count until it does.`,
      { metric: 'tunicorn.limits.store_silent', value, mtype: 'counter' },
    );
  }

  /** It answers, and fell silent again since that was last said. */
  #tellPast(): void {
    const { label, now, log } = this.#parts;
    this.#seldom.claim(now());
    const value = this.#untold;
    this.#untold = 0;
    const times = value === 1 ? 'once' : `${value} times`;
    log().warning(
      `The limit store at ${label} did not answer ${times} more: ${this.#why}. It does now.`,
      { metric: 'tunicorn.limits.store_silent', value, mtype: 'counter' },
    );
  }

  #lookLater(): void {
    if (this.#waits) return;
    this.#waits = true;
    this.#parts.later(TELL_MS, () => {
      this.#waits = false;
      if (this.#reach.silent && !this.#saidSilent) this.#tellSilent();
      else if (this.#untold > 0) this.#tellPast();
    });
  }
}
