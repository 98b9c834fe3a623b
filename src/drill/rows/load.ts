// Rows about too much of what is right: more clients than connections, more requests than can be served, connections that
// come and go.

import { type Attack, Counts, count, type Tally } from '../attack.ts';
import { NormalClients } from '../normal-clients.ts';
import { Overload } from '../overload.ts';
import { Resets } from '../resets.ts';
import type { Target } from '../target.ts';
import { type Row, type Scene, shareKept, slower, usualClients } from './row.ts';

/** What the row's title says. */
const MANY = 64;

/** More clients of the normal kind: each must be served. */
class MoreClients implements Attack {
  readonly begun = Promise.resolve();
  readonly over = new Promise<void>(() => {});
  readonly #clients: NormalClients;
  readonly #read: ReturnType<NormalClients['measuring']>;

  constructor(target: Target, path: string, many: number) {
    this.#clients = new NormalClients(target, { path, count: many });
    this.#read = this.#clients.measuring();
  }

  stop(): Promise<Tally> {
    const { clients, clientsServed, answers } = this.#read();
    this.#clients.stop();
    const counts = new Counts();
    counts.add('served', clientsServed);
    counts.add('never served', clients - clientsServed);
    counts.add('answers', answers);
    return Promise.resolve(counts.tally);
  }
}

/** Row 1: the normal clients are as many as the limit, and the others come beside them. */
export const moreThanTheLimit: Row = {
  number: 1,
  happens: ({ connections }) => `${MANY} keep-alive clients at worker_connections ${connections}`,
  clients: ({ paths, connections }) => ({ path: paths.normal, count: connections }),
  measured: 'beside',
  // Places are taken in turns of at least a quarter of a second: everybody has had one by then.
  leastMs: 8_000,
  deadline: () => 0,
  start: ({ target, paths, connections }) => ({
    attack: new MoreClients(target, paths.normal, MANY - connections),
  }),
  // The four share their places with sixty others: their rate falls, and each of all 64 is served.
  faults: (played, _scene, pace) => {
    const { clients, clientsServed } = played.during;
    const starved = clients - clientsServed + count(played.attackers, 'never served');
    return [
      ...(starved > 0 ? [`${starved} of ${MANY} clients were never served`] : []),
      ...slower(played, pace, 'after'),
    ];
  },
};

/** A work request takes so long that one worker's threads serve this many a second, which any machine can offer 5 times. */
const PEAK_PER_SECOND = 200;
const WORK_SECONDS_MAX = 0.25;
const TIMES = 5;

function workSeconds({ threads }: Scene): number {
  return Math.min(WORK_SECONDS_MAX, threads / PEAK_PER_SECOND);
}

/** Row 12: before and after, as many clients as keep every thread busy; in between, five times that, in an open loop. */
export const overload: Row = {
  number: 12,
  happens: () => `${TIMES} times more requests than can be served; clients give up after 1 s`,
  clients: (scene) => ({
    path: scene.paths.work(workSeconds(scene)),
    count: Math.max(8, 2 * scene.threads),
  }),
  measured: 'away',
  deadline: () => 0,
  start: (scene, { measureMs }) => {
    const seconds = workSeconds(scene);
    const attack = new Overload(scene.target, {
      path: scene.paths.work(seconds),
      perSecond: (TIMES * scene.threads) / seconds,
      // Long enough that whoever came at first has long gone.
      seconds: Math.max(3, (2 * measureMs) / 1000),
    });
    return { attack, during: () => attack.measured };
  },
  faults: (played, _scene, pace) => {
    const share = shareKept(played);
    return [
      ...(share < pace.enough ? [`${share.toFixed(2)} of the peak was served in time`] : []),
      ...slower(played, pace, 'after'),
    ];
  },
};

/** Row 16. */
export const resets: Row = {
  number: 16,
  happens: (_scene, pace) => `${pace.resets} connections opened and reset at random points`,
  clients: usualClients,
  measured: 'through',
  deadline: () => 0,
  start: ({ target, paths }, pace) => ({
    attack: new Resets(target, pace.resets, {
      ok: paths.normal,
      big: paths.big(100_000),
      read: paths.read,
    }),
  }),
  faults: (played, _scene, pace) => slower(played, pace, 'after'),
};
