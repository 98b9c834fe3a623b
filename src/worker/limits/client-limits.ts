// The limits of clients as a worker has them: made from the settings, tended on every tick, told to the log once in a while.
// Nothing of it is there when no limit is set.

import { monotonicMs } from '../../clock.ts';
import { ClientLimits } from '../../limits/client-limits.ts';
import { type Limit, limitsOf } from '../../limits/limit.ts';
import { limitListOf } from '../../limits/limit-list.ts';
import { NetworkSet } from '../../limits/network-set.ts';
import { Refusals } from '../../limits/refusals.ts';
import type { Log } from '../../observe/log.ts';
import { Seldom } from '../../observe/seldom.ts';
import type { Settings } from '../../settings/settings.ts';
import type { ClientNetworks, WorkerCounts } from '../../wire/arbiter-worker.ts';
import { arbiterPatienceMs } from './arbiter-patience.ts';
import { KeyThread } from './key-functions.ts';
import { LimitCounts, type LimitCountsOptions } from './limit-counts.ts';

/** How the arbiter is asked. */
export type AskArbiter = LimitCountsOptions['ask'];

export class WorkerLimits {
  readonly limits: readonly Limit[];
  readonly admission: ClientLimits;
  readonly refusals = new Refusals(monotonicMs);
  readonly counts: LimitCounts;
  readonly #log: Log;
  readonly #told = new Seldom();
  readonly #keys: KeyThread | null;

  constructor(
    settings: Settings,
    { allow, deny, exempt }: ClientNetworks,
    log: Log,
    ask: AskArbiter,
  ) {
    const limits = limitsOf(settings);
    this.limits = limits;
    this.#log = log;
    this.#keys = makeKeys(settings, log);
    this.counts = new LimitCounts({
      ask,
      limits: limitListOf(settings),
      workers: settings.workers,
      patienceMs: arbiterPatienceMs(settings),
      log,
    });
    this.admission = new ClientLimits({
      limits,
      tokens: this.counts,
      places: settings.limit_connections === 0 ? null : this.counts,
      allow: allow === null ? null : new NetworkSet(allow),
      deny: setOf(deny),
      exempt: setOf(exempt),
      ipv6Prefix: settings.limit_ipv6_prefix,
      headers: settings.limit_headers,
      dryRun: settings.limit_dry_run,
      readsForwarded: settings.forwarded_for,
      keys: this.#keys,
      refusals: this.refusals,
    });
  }

  /** Nobody who comes from then on counts by something else than the config file says. */
  get ready(): Promise<void> {
    return this.#keys?.ready ?? Promise.resolve();
  }

  /** Requests that went on although they could not be counted as the settings say. */
  get uncounted(): number {
    return this.admission.lateAnswers + (this.#keys?.failures ?? 0);
  }

  /** Resolves to true when no thread of theirs is left: one in native code may never end. */
  end(): Promise<boolean> {
    return this.#keys?.end() ?? Promise.resolve(true);
  }

  /** To be called on every tick of the worker. */
  tick(nowMs: number): void {
    this.counts.tick();
    this.#keys?.tick(nowMs);
    if (!this.refusals.untold || !this.#told.claim(nowMs)) return;
    const { count, words } = this.refusals.takeUntold();
    this.#log.info(words, { metric: 'tunicorn.refused', value: count, mtype: 'counter' });
  }
}

/** Null: no client is limited in any way. */
export function workerLimits(
  settings: Settings,
  networks: ClientNetworks,
  log: Log,
  ask: AskArbiter,
): WorkerLimits | null {
  const { allow, deny, limits } = settings;
  const isLimited = settings.limit_rate !== null || settings.limit_connections > 0;
  const isSet = isLimited || limits.length > 0 || allow.length > 0 || deny.length > 0;
  return isSet ? new WorkerLimits(settings, networks, log, ask) : null;
}

function makeKeys(settings: Settings, log: Log): KeyThread | null {
  const { config: file, limits } = settings;
  if (file === null || !limits.some(({ key }) => key === 'function')) return null;
  const timeoutMs = settings.limit_store_timeout * 1000;
  return new KeyThread({ file, timeoutMs, log, now: monotonicMs });
}

/** What a heartbeat tells of them. */
export function limitCounts(
  limits: WorkerLimits | null,
): Pick<WorkerCounts, 'refused' | 'uncounted'> {
  return { refused: limits?.refusals.totals ?? {}, uncounted: limits?.uncounted ?? 0 };
}

/** Resolves when what they need is loaded, too: not one after the other, because both take their time. */
export async function withLimits<T>(loaded: Promise<T>, limits: WorkerLimits | null): Promise<T> {
  const [asked] = await Promise.all([loaded, limits?.ready]);
  return asked;
}

function setOf(networks: readonly string[]): NetworkSet | null {
  return networks.length === 0 ? null : new NetworkSet(networks);
}
