// What becomes of a connection whose client has sent its end: what the tables of states.ts say for the pair that it is in, and
// whether the client still waits for its answers.

import type { Exchange } from './answering/exchange.ts';
import type { Requests } from './effects.ts';
import type { PairDeadlines } from './pair-deadlines.ts';
import { refuseIfOverloaded } from './passed-deadlines.ts';
import { OWING, READING } from './states/states.ts';
import type { ConnectionState } from './states/transition.ts';

/** The connection whose client it was. */
interface Ended {
  readonly state: ConnectionState;
  readonly deadlines: PairDeadlines;
  readonly exchange: Exchange | null;
  abandon(reset: boolean): void;
}

/** @param waitsOn the end came right behind its requests: it waits for the answers */
export function afterClientEnd(connection: Ended, requests: Requests, waitsOn: boolean): void {
  const { reading, owing } = connection.state;
  if (reading === 'closed') return;
  const endings = [READING[reading].whenClientEnds, OWING[owing].whenClientEnds];
  const isOver = !waitsOn && endings.includes('close if late');
  if (isOver || endings.includes('close')) connection.abandon(false);
  else if (owing === 'running') connection.deadlines.clientEnded();
  else if (owing === 'queued') refuseIfOverloaded(connection.exchange, requests);
}
