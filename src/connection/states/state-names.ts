// What people call an open connection (logs, the live picture, docs): one name for the pair of its halves.

import type { Owing, Reading } from './states.ts';

/** The names that people see: logs, the live picture, docs. */
export type StateName =
  | 'proxy'
  | 'handshake'
  | 'new'
  | 'head'
  | 'asking'
  | 'body'
  | 'queued'
  | 'running'
  | 'writing'
  | 'upgraded'
  | 'keep-alive'
  | 'lingering';

/** Which of the two halves gives a pair its name. */
const OWING_NAME: { readonly [S in Exclude<Owing, 'nothing'>]: StateName } = {
  queued: 'queued',
  running: 'running',
  streaming: 'running',
  writing: 'writing',
  upgraded: 'upgraded',
  'passing on': 'upgraded',
  'half closed': 'upgraded',
};
const READING_NAME: { readonly [S in Exclude<Reading, 'closed'>]: StateName } = {
  proxy: 'proxy',
  handshake: 'handshake',
  new: 'new',
  head: 'head',
  asking: 'asking',
  body: 'body',
  complete: 'running',
  upgraded: 'upgraded',
  'keep-alive': 'keep-alive',
  lingering: 'lingering',
};

/** Each once, in the order in which a connection meets them, more or less. */
export const STATE_NAMES: readonly StateName[] = [
  ...new Set([...Object.values(READING_NAME), ...Object.values(OWING_NAME)]),
];

/** What an open connection is called, from the pair of its halves. */
export function nameOf(reading: Exclude<Reading, 'closed'>, owing: Owing): StateName {
  if (owing === 'nothing' || reading === 'lingering') return READING_NAME[reading];
  return OWING_NAME[owing];
}
