// Rows about application code that does not come back, or takes its thread or process with it.

import { count, type Tally, total } from '../attack.ts';
import { Crowd } from '../crowd.ts';
import type { Measured } from '../meter.ts';
import { requestFor } from '../target.ts';
import { type Pace, type Row, type Scene, type ScenePaths, slower, usualClients } from './row.ts';

/** Served again within a second after the timeout. */
const BACK_WITHIN_SECONDS = 1;

interface Stuck {
  readonly number: number;
  readonly path: keyof Pick<ScenePaths, 'hang' | 'spin' | 'native'>;
  readonly what: string;
  /** What the stuck requests may be answered. */
  readonly answers: readonly string[];
  /** The process is replaced, and its successor has to load the application first. */
  readonly reloads: boolean;
}

function stuck({ number, path, what, answers, reloads }: Stuck): Row {
  const grace = ({ bootSeconds }: Scene): number =>
    BACK_WITHIN_SECONDS + (reloads ? bootSeconds : 0);
  return {
    number,
    happens: ({ threads, deadlines: { timeout } }) =>
      `${threads} ${threads === 1 ? 'request' : 'requests'} ${what}, timeout ${timeout === Number.POSITIVE_INFINITY ? '0' : timeout} s`,
    clients: usualClients,
    measured: 'through',
    deadline: ({ deadlines: { timeout } }) => timeout,
    grace,
    start: ({ target, threads, paths }) => ({
      attack: new Crowd(target, threads, { opening: () => requestFor(paths[path]) }),
    }),
    faults: (played, scene, pace) => [
      ...silence(played.during, scene.deadlines.timeout + grace(scene)),
      ...unanswered(played.attackers, answers),
      ...slower(played, pace, 'after'),
    ],
  };
}

function silence({ silenceMs }: Measured, seconds: number): string[] {
  return silenceMs <= seconds * 1000
    ? []
    : [`nobody was served for ${(silenceMs / 1000).toFixed(1)} s`];
}

function unanswered(attackers: Tally, answers: readonly string[]): string[] {
  const others = total(attackers) - count(attackers, ...answers);
  return others > 0 ? [`${others} of ${total(attackers)} did not get ${answers[0]}`] : [];
}

/** Row 6. */
export const sleeping = stuck({
  number: 6,
  path: 'hang',
  what: 'asleep for ever',
  answers: ['504'],
  reloads: false,
});

/** Row 7. */
export const spinning = stuck({
  number: 7,
  path: 'spin',
  what: 'in an endless loop',
  answers: ['504'],
  reloads: false,
});

/** Row 8. */
export const inNativeCode = stuck({
  number: 8,
  path: 'native',
  what: 'stuck in native code',
  answers: ['504', '502'],
  reloads: true,
});

/** Row 9: what else was running in a process that died may be lost, and nothing more. */
export const dying: Row = {
  number: 9,
  happens: ({ threads, kind }) =>
    `${threads} ${threads === 1 ? 'request ends its' : 'requests end their'} ${kind === 'wsgi' ? 'process (os._exit)' : 'thread (process.exit)'}`,
  clients: usualClients,
  measured: 'through',
  deadline: () => BACK_WITHIN_SECONDS,
  grace: ({ bootSeconds }) => bootSeconds,
  start: ({ target, threads, paths }) => ({
    attack: new Crowd(target, threads, { opening: () => requestFor(paths.exit) }),
  }),
  faults: (played, scene, pace) => [
    ...silence(played.during, BACK_WITHIN_SECONDS + scene.bootSeconds),
    ...unanswered(played.attackers, ['502', '500']),
    ...tooManyLost(played.during, scene, pace),
    ...slower(played, pace, 'after'),
  ],
};

/** Each death may take along what its process (Python) or its thread (Node.js, many requests at once) ran beside it. */
function tooManyLost(
  { outcomes }: Measured,
  { threads, kind }: Scene,
  { clients }: Pace,
): string[] {
  const lost = [...outcomes]
    .filter(([outcome]) => !/^[1-4]\d\d$/.test(outcome))
    .reduce((sum, [, many]) => sum + many, 0);
  const beside = kind === 'node' ? clients : Math.min(clients, threads);
  const most = beside * threads;
  return lost > most ? [`${lost} requests of normal clients failed`] : [];
}
