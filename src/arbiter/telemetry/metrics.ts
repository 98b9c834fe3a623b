// What the arbiter tells statsd: how many workers there are, whenever that changes, and how many connections wait to be accepted.

import type { Statsd } from '../../observe/statsd.ts';
import type { Settings } from '../../settings/settings.ts';
import { waitingToBeAccepted } from './backlog.ts';

/** Gunicorn's: once a turn, which takes a second. */
const BACKLOG_MS = 1000;

/** What serves, as far as it is told of here. */
interface Observed {
  readonly log: { readonly statsd: Statsd | null };
  readonly settings: Pick<Settings, 'enable_backlog_metric'>;
  readonly sockets: {
    readonly all: readonly { readonly address: { readonly port: number }; readonly fd: number }[];
  };
}

export class ArbiterMetrics {
  readonly #stage: () => Observed;
  #told = { statsd: null as Statsd | null, workers: 0 };
  #nextBacklogMs = 0;

  /** @param stage the one that serves */
  constructor(stage: () => Observed) {
    this.#stage = stage;
  }

  /** To be called whenever `workers`, the number of those that live, may have changed, and once a second. */
  look(workers: number, nowMs: number): void {
    const { statsd } = this.#stage().log;
    if (statsd === null) return;
    // A reload may have named another receiver, who knows nothing yet.
    if (statsd !== this.#told.statsd || workers !== this.#told.workers) {
      statsd.gauge('gunicorn.workers', workers);
      this.#told = { statsd, workers };
    }
    if (!this.#stage().settings.enable_backlog_metric || nowMs < this.#nextBacklogMs) return;
    this.#nextBacklogMs = nowMs + BACKLOG_MS;
    void this.#tellBacklog(statsd);
  }

  async #tellBacklog(statsd: Statsd): Promise<void> {
    const tcp = this.#stage().sockets.all.filter(({ address, fd }) => address.port > 0 && fd >= 0);
    const waiting = await waitingToBeAccepted(tcp.map(({ fd }) => fd));
    if (waiting !== null) statsd.histogram('gunicorn.backlog', waiting);
  }
}
