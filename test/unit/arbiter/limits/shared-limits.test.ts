// The arbiter's count for all workers: what a worker says that makes no sense harms nobody, what one that died had open is free, and
// places are leased, kept for a moment and given back, with a simulated clock.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import test from 'node:test';
import { LimitShare, SharedLimits } from '../../../../src/arbiter/limits/shared-limits.ts';
import { StoreSilences } from '../../../../src/arbiter/telemetry/store-silences.ts';
import type { Lender } from '../../../../src/limits/lender.ts';
import { LocalTokens } from '../../../../src/limits/local.ts';
import { PlaceLeases } from '../../../../src/limits/place-leases.ts';
import { Reach } from '../../../../src/limits/reach.ts';
import { SharedPlaces } from '../../../../src/limits/shared-places.ts';
import type { ErrorLog } from '../../../../src/observe/log.ts';
import { parseLimitRate } from '../../../../src/settings/limit-rate.ts';
import { resolveSettings } from '../../../../src/settings/resolve.ts';
import type { ToWorker } from '../../../../src/wire/arbiter-worker.ts';
import type { LeaseAnswer, LeaseQuestion } from '../../../../src/wire/limits.ts';
import { eventually } from '../../../support/eventually.ts';
import { SimulatedTime } from '../../limits/simulated-time.ts';

class WorkerStandIn {
  readonly heard: ToWorker[] = [];

  say(message: ToWorker): void {
    this.heard.push(message);
  }

  get leases(): readonly LeaseAnswer[] {
    const last = this.heard.at(-1);
    return last?.kind === 'leased' ? last.leases : [];
  }
}

function shareOf(): LimitShare {
  const tokens = [{ id: 'a', rate: parseLimitRate('10/m') }];
  const limits = { tokens, places: [{ id: 'c', most: 3 }] };
  const local = new LocalTokens(tokens, () => 5);
  const nothing = () => undefined;
  const parts = { local, fleetChanged: nothing, over: nothing, dropped: nothing };
  return new LimitShare(limits, local, new SharedPlaces(), parts);
}

function question(more: Partial<LeaseQuestion>): LeaseQuestion {
  const nothing = { take: [], giveBack: [], charge: [], owed: [] };
  return { kind: 'lease', of: 'tokens', id: 1, ...nothing, ...more };
}

test('questions are answered in their order, and what makes no sense is granted nothing', () => {
  const share = shareOf();
  const worker = new WorkerStandIn();
  share.joined(worker);
  const nonsense: unknown[] = [
    [1, 'k', 1],
    [-1, 'k', 1],
    [0, 7, 1],
    [0, 'k', 0],
    [0, 'k', 1e9],
    'x',
  ];
  const take = [[0, 'k', 4], ...nonsense, [0, 'k', 9]] as LeaseQuestion['take'];
  share.asked(worker, question({ take }));
  assert.deepEqual(
    worker.leases.map(([granted]) => granted),
    [4, 0, 0, 0, 0, 0, 0, 6],
  );
  const broken = [{ take: null }, { of: 'x' }, { id: 'y' }, { giveBack: 7, charge: {} }];
  for (const more of broken) share.asked(worker, question(more as unknown as LeaseQuestion));
  share.asked(worker, question({ take: [[0, 'other', 1]] }));
  assert.equal(worker.leases[0]?.[0], 1);
});

test('a worker gives back no more than it has, and nothing of another', () => {
  const share = shareOf();
  const [one, other] = [new WorkerStandIn(), new WorkerStandIn()];
  share.joined(one);
  share.joined(other);
  share.asked(one, question({ take: [[0, 'k', 10]] }));
  share.asked(other, question({ giveBack: [[0, 'k', 10]], take: [[0, 'k', 1]] }));
  assert.equal(other.leases[0]?.[0], 0);
  share.asked(one, question({ giveBack: [[0, 'k', 3]] }));
  share.asked(one, question({ giveBack: [[0, 'k', 900]], take: [[0, 'k', 20]] }));
  assert.equal(one.leases[0]?.[0], 10);
  const places = { of: 'places' as const };
  share.asked(one, question({ ...places, take: [[0, 'k', 2]] }));
  share.asked(other, question({ ...places, giveBack: [[0, 'k', 2]], take: [[0, 'k', 2]] }));
  assert.equal(other.leases[0]?.[0], 1);
});

test('the places of a worker that died are free', () => {
  const share = shareOf();
  const [one, other] = [new WorkerStandIn(), new WorkerStandIn()];
  share.joined(one);
  share.joined(other);
  share.asked(one, question({ of: 'places', take: [[0, 'k', 3]] }));
  share.asked(other, question({ of: 'places', take: [[0, 'k', 1]] }));
  assert.equal(other.leases[0]?.[0], 0);
  share.gone(one);
  share.asked(other, question({ of: 'places', take: [[0, 'k', 5]] }));
  assert.equal(other.leases[0]?.[0], 3);
});

test('places that were left serve the next of the same client, or go back; without an answer each has its part', async () => {
  const time = new SimulatedTime();
  const truth = new SharedPlaces();
  const limit = { id: 'c', most: 16 };
  let answers = true;
  const leasesOf = (holder: object): PlaceLeases => {
    const deed = (what: () => void): void => {
      if (answers) time.later(1, what);
    };
    const lender: Lender = {
      take: (_limit, key, count, answered) =>
        deed(() => {
          const granted = truth.take(holder, limit, key, count);
          answered({ granted, remaining: 0, resetMs: 0, retryMs: 0, validMs: 0 });
        }),
      giveBack: (_limit, key, count) => deed(() => truth.giveBack(holder, limit, key, count)),
      charge: (_limit, key, count) => deed(() => truth.charge(holder, limit, key, count)),
    };
    const reach = new Reach({ timeoutMs: 20, now: time.now, later: time.later });
    const common = { reach, now: time.now, later: time.later };
    return new PlaceLeases({ limits: [limit], borrowers: 2, lender, ...common });
  };
  const [one, other] = [leasesOf({}), leasesOf({})];
  const enter = async (where: PlaceLeases, times: number): Promise<number> => {
    const all = Array.from({ length: times }, () => where.enter(0, 'k'));
    await time.goTo(time.nowMs + 60);
    return (await Promise.all(all)).filter(Boolean).length;
  };
  assert.equal(await enter(one, 15), 15);
  assert.equal(await enter(other, 3), 1);
  one.leave(0, 'k');
  assert.equal(one.enter(0, 'k'), true, 'at once');
  one.leave(0, 'k');
  await time.goTo(time.nowMs + 200);
  assert.equal(await enter(other, 3), 1);
  for (let n = 0; n < 14; n++) one.leave(0, 'k');
  for (let n = 0; n < 2; n++) other.leave(0, 'k');
  await time.goTo(time.nowMs + 200);
  assert.throws(() => one.leave(0, 'k'), /given back twice/);
  answers = false;
  assert.equal(await enter(one, 10), 8);
  assert.equal(await enter(other, 10), 8);
  answers = true;
  await time.goTo(time.nowMs + 300);
  // Asks whether it answers, and is told: what was entered alone is counted from then on.
  one.enter(0, 'k');
  other.enter(0, 'k');
  await time.goTo(time.nowMs + 200);
  assert.equal(truth.take({}, limit, 'k', 99), 0);
});

test('where there are few places, none lies idle with a worker while another one needs it', () => {
  const limit = { id: 'c', most: 2 };
  const truth = new SharedPlaces();
  const leasesOf = (holder: object): PlaceLeases => {
    const lender: Lender = {
      take: (_limit, key, count, answered) => {
        const granted = truth.take(holder, limit, key, count);
        answered({ granted, remaining: 0, resetMs: 0, retryMs: 0, validMs: 0 });
      },
      giveBack: (_limit, key, count) => truth.giveBack(holder, limit, key, count),
      charge: () => undefined,
    };
    const time = new SimulatedTime();
    const common = { now: time.now, later: time.later };
    const reach = new Reach({ timeoutMs: 20, ...common });
    return new PlaceLeases({ limits: [limit], borrowers: 3, lender, reach, ...common });
  };
  // One request at a time, each with another worker.
  for (const worker of [leasesOf({}), leasesOf({}), leasesOf({})]) {
    void worker.enter(0, 'k');
    worker.leave(0, 'k');
  }
  assert.equal(truth.take({}, limit, 'k', 2), 2);
});

test('a place that was taken alone and left again is counted out, also in one message', () => {
  const share = shareOf();
  const worker = new WorkerStandIn();
  share.joined(worker);
  const one = [[0, 'k', 1]] as const;
  share.asked(worker, question({ of: 'places', charge: one, giveBack: one }));
  share.asked(worker, question({ of: 'places', take: [[0, 'k', 9]] }));
  assert.equal(worker.leases[0]?.[0], 3);
});

test('a generation that does not come to serve leaves its store and the counts; one that serves keeps its own', async (t) => {
  const store = await muteStore();
  const log = { warning: () => {} } as unknown as ErrorLog;
  const limits = new SharedLimits(
    () => performance.now(),
    () => log,
    new StoreSilences(),
  );
  t.after(() => {
    limits.close();
    store.server.close();
  });
  const share = async (rate: string): Promise<LimitShare> => {
    const address = `redis://127.0.0.1:${store.port}`;
    const argv = ['--limit-rate', rate, '--limit-store', address, 'app:app'];
    const { settings } = await resolveSettings({ argv, env: {}, cwd: '/' });
    const made = limits.share(settings);
    assert.ok(made !== null);
    return made;
  };
  const connections = (count: number): Promise<boolean> =>
    eventually(() => store.open.size === count, `${store.open.size} and not ${count} are open`);
  const [one, next, other] = [new WorkerStandIn(), new WorkerStandIn(), new WorkerStandIn()];
  const first = await share('5/h');
  first.joined(one);
  assert.equal(await grantedTo(one, first), 5);
  const unused = await share('7/h');
  await connections(2);
  unused.drop();
  await connections(1);
  const failed = await share('8/h');
  failed.joined(other);
  await connections(2);
  failed.drop();
  failed.gone(other);
  await connections(1);
  first.gone(one);
  first.joined(next);
  assert.equal(await grantedTo(next, first), 0);
  const third = await share('5/h');
  await connections(2);
  assert.equal(store.accepted(), 4, 'the first has kept its connection');
  third.joined(other);
  assert.equal(await grantedTo(other, third), 0, 'it goes on where the first was');
  first.retire();
  first.gone(next);
  await connections(1);
});

/** How many of five a worker gets. */
async function grantedTo(worker: WorkerStandIn, share: LimitShare): Promise<number | undefined> {
  worker.heard.length = 0;
  share.asked(worker, question({ take: [[0, 'k', 5]] }));
  await eventually(() => worker.heard.length > 0);
  return worker.leases[0]?.[0];
}

/** Accepts connections and says nothing. */
async function muteStore() {
  const open = new Set<Socket>();
  let accepted = 0;
  const server = createServer((socket) => {
    accepted += 1;
    open.add(socket);
    socket.on('error', () => {}).on('close', () => open.delete(socket));
    socket.resume();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return { server, port, open, accepted: () => accepted };
}
