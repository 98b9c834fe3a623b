// How a request ended, in two characters for the access log, after HAProxy's manner: who ended it, and in which state. The
// letters of the states stand in states.ts, who is to blame for what the log has a code for in failures.ts.

import { type Ender, FAILURES } from './failures.ts';
import { OWING, type Owing, READING, type Reading } from './states.ts';

/** The response left whole. Whatever else happened to its connection then is no matter of the request. */
export const WHOLE = '--';

/** Who is to blame for what has this code. Those that are not in the catalogue are of the protocol: the client's. */
export function enderOf(code: string): Ender {
  return FAILURES[code]?.by ?? 'C';
}

/** What the owing half does is nearer to the end of a request; while it owes nothing a request is being read. */
export function stateLetter(reading: Exclude<Reading, 'closed'>, owing: Owing): string {
  return owing === 'nothing' ? READING[reading].letter : OWING[owing].letter;
}
