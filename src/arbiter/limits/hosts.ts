// How many hosts count in the same store, as each of them sees it: every host counts itself once in a window, and looks how many have.
// One that has gone is forgotten with the window after next. It is known for when the store is silent: then each host has its share.

/** The store's side: adds `count` to those of this window, and answers how many there are and in how long it ends; null: no answer. */
export type CountHosts = (count: 0 | 1) => Promise<HostsAnswer | null>;

export interface HostsAnswer {
  readonly hosts: number;
  readonly endsInMs: number;
}

/** How long a window is. */
export const HOSTS_WINDOW_SECONDS = 5;
/** How often it is looked at: a host that has come is known so soon. */
export const HOSTS_LOOK_MS = 1000;

export class Hosts {
  readonly #now: () => number;
  /** Of the window before. */
  #before = 0;
  #seen = 0;
  /** When the window ends in which this host has counted itself. */
  #endsMs = Number.NEGATIVE_INFINITY;
  #asking = false;

  /** @param now milliseconds, monotonic */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** At least this one. */
  get known(): number {
    return Math.max(1, this.#before, this.#seen);
  }

  /** To be called every HOSTS_LOOK_MS, where the store answers; by all generations of this host, which is one host. */
  async look(count: CountHosts): Promise<void> {
    if (this.#asking) return;
    this.#asking = true;
    const isNew = this.#now() >= this.#endsMs;
    const answer = await count(isNew ? 1 : 0);
    this.#asking = false;
    if (answer === null) return;
    const { hosts, endsInMs } = answer;
    if (isNew) {
      this.#before = this.#seen;
      this.#seen = hosts;
      this.#endsMs = this.#now() + endsInMs;
    } else if (hosts === 0) {
      // Another window has begun, or the store has forgotten.
      this.#endsMs = Number.NEGATIVE_INFINITY;
    } else this.#seen = Math.max(this.#seen, hosts);
  }
}
