// How many hosts count in one store, with a simulated clock: one that comes is known soon, one that goes is forgotten, and a store
// that forgets everything or does not answer makes nobody wrong for long.

import assert from 'node:assert/strict';
import test from 'node:test';
import {
  HOSTS_LOOK_MS,
  HOSTS_WINDOW_SECONDS,
  Hosts,
  type HostsAnswer,
} from '../../../../src/arbiter/limits/hosts.ts';
import { SimulatedTime } from '../../limits/simulated-time.ts';

const WINDOW_MS = HOSTS_WINDOW_SECONDS * 1000;

class Store {
  readonly time = new SimulatedTime();
  answers = true;
  #count = 0;
  #endsMs = 0;

  readonly count = (count: 0 | 1): Promise<HostsAnswer | null> => {
    if (!this.answers) return Promise.resolve(null);
    if (this.time.nowMs >= this.#endsMs) this.forget();
    this.#count += count;
    return Promise.resolve({ hosts: this.#count, endsInMs: this.#endsMs - this.time.nowMs });
  };

  forget(): void {
    this.#count = 0;
    this.#endsMs = this.time.nowMs + WINDOW_MS;
  }

  /** All of them look for so long. */
  async pass(ms: number, hosts: readonly Hosts[]): Promise<void> {
    const untilMs = this.time.nowMs + ms;
    while (this.time.nowMs < untilMs) {
      for (const host of hosts) await host.look(this.count);
      await this.time.goTo(this.time.nowMs + HOSTS_LOOK_MS);
    }
  }
}

test('a host that comes is known soon, one that has gone is forgotten', async () => {
  const store = new Store();
  const [one, two, three] = [0, 1, 2].map(() => new Hosts(store.time.now)) as [Hosts, Hosts, Hosts];
  assert.equal(one.known, 1);
  await store.pass(2000, [one, two]);
  assert.deepEqual([one.known, two.known], [2, 2]);
  await store.pass(2000, [one, two, three]);
  assert.deepEqual([one.known, two.known, three.known], [3, 3, 3]);
  for (let times = 0; times < 30; times++) {
    await store.pass(HOSTS_LOOK_MS, [one, two, three]);
    assert.deepEqual([one.known, two.known, three.known], [3, 3, 3], 'also where a window ends');
  }
  await store.pass(2 * WINDOW_MS + HOSTS_LOOK_MS, [one, two]);
  assert.deepEqual([one.known, two.known], [2, 2]);
});

test('a store that forgets, or does not answer, is no reason to think that one is alone', async () => {
  const store = new Store();
  const hosts = [0, 1].map(() => new Hosts(store.time.now));
  await store.pass(3000, hosts);
  store.answers = false;
  await store.pass(60_000, hosts);
  assert.deepEqual(
    hosts.map(({ known }) => known),
    [2, 2],
  );
  store.answers = true;
  store.forget();
  await store.pass(WINDOW_MS, hosts);
  assert.deepEqual(
    hosts.map(({ known }) => known),
    [2, 2],
  );
});
