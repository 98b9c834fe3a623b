// The rows that connections have in the table of all deadlines: what their states wait for, from the tables that the code
// runs on, and what the tables cannot say: rates, and what the application may ask for.

import type { DeadlineRow } from '../../settings/describe/deadlines.ts';
import { nameOf } from './state-names.ts';
import { type Ending, OWING, type Owing, READING, type Reading } from './states.ts';

/** What a client sees of each ending. */
export const SEEN: { readonly [E in Ending]: string } = {
  close: 'the connection closes',
  reset: 'the connection is reset',
  408: '408, then close',
  503: '503 with Retry-After',
  504: '504',
  'other half': '',
  finish: 'what is owed is still sent, then close',
  tell: 'the application hears of it, and may go on',
  'tell or finish':
    'a Node.js application hears of it and the connection closes, if late; what WSGI owes is still sent (see below)',
  'let in': 'the request goes on',
  'close if late': 'the connection closes, if late (see below)',
};

/** In the order in which a request meets them. */
export function connectionDeadlines(): readonly DeadlineRow[] {
  const reading = Object.keys(READING) as Exclude<Reading, 'closed'>[];
  const owing = Object.keys(OWING) as Owing[];
  const before = reading.filter((state) => state !== 'keep-alive' && state !== 'lingering');
  const after = reading.filter((state) => state === 'keep-alive' || state === 'lingering');
  return [
    ...before.flatMap((state) => rowOf(nameOf(state, 'nothing'), READING[state])),
    RATES.body,
    ...owing.flatMap((state) => rowOf(nameOf('complete', state), OWING[state])),
    MORE_TIME,
    RATES.writing,
    ...after.flatMap((state) => rowOf(nameOf(state, 'nothing'), READING[state])),
  ];
}

type Row = (typeof READING)[keyof typeof READING] | (typeof OWING)[Owing];

function rowOf(who: string, { deadline, waitsFor, whenOverdue }: Row): DeadlineRow[] {
  if (deadline === 'other half') return [];
  return [{ who, waitsFor, bound: deadline, seen: SEEN[whenOverdue] }];
}

const RATES: { readonly [S in 'body' | 'writing']: DeadlineRow } = {
  body: {
    who: 'body',
    waitsFor: 'the body as a whole, which must come at this rate beyond `body_timeout`',
    bound: 'body_min_rate',
    seen: SEEN[READING.body.whenOverdue],
  },
  writing: {
    who: 'writing',
    waitsFor: 'the response as a whole, which must be read at this rate beyond `write_timeout`',
    bound: 'write_min_rate',
    seen: SEEN[OWING.writing.whenOverdue],
  },
};

const MORE_TIME: DeadlineRow = {
  who: 'running',
  waitsFor: 'an application that has asked for more time for this request, from its start',
  bound: 'timeout_limit',
  seen: `${SEEN[OWING.running.whenOverdue]}; inside a response ${SEEN[OWING.streaming.whenOverdue]}`,
};
