// What becomes of a connection when a deadline of one of its halves has passed: what the tables of states.ts say for the state
// it is in, the request that it has included.

import type { Failure } from '../threads/app-thread.ts';
import type { Exchange } from './answering/exchange.ts';
import { ENDED_IN_QUEUE, WAITED_IN_VAIN } from './answering/own-answer.ts';
import type { Asking } from './asking.ts';
import type { Requests } from './effects.ts';
import type { PairDeadlines } from './pair-deadlines.ts';
import { enderOf } from './states/end-codes.ts';
import { OWING, READING } from './states/states.ts';
import type { ConnectionState } from './states/transition.ts';

/** Its code in the log. */
const BY_OPERATOR = 'operator-interrupt';

/** The connection whose deadline it is. */
interface Overdue {
  readonly state: ConnectionState;
  readonly deadlines: PairDeadlines;
  readonly exchange: Exchange | null;
  readonly asking: Asking;
  refuse(status: number, code: string, detail: string): void;
  abandon(reset: boolean): void;
  giveWay(): void;
}

export function readOverdue(connection: Overdue): void {
  const { reading, owing } = connection.state;
  if (reading === 'closed') return;
  const { deadline, whenOverdue: ending } = READING[reading];
  connection.deadlines.passed(deadline);
  if (ending === 408) connection.refuse(408, 'too-slow', `no complete ${reading} in time`);
  else if (ending === 'reset') connection.abandon(true);
  else if (ending === 'let in') connection.asking.late();
  // An upgraded connection has no deadline of its own here but that of a worker that drains.
  else if (reading === 'upgraded') connection.exchange?.takenOver?.part();
  // A request may have come in the very turn that we are late.
  else if (READING[reading].givesWay) connection.giveWay();
  // In `complete` only the grace of a client that has sent its end can pass, or the time of the disk for the body.
  else if (owing === 'running' || owing === 'nothing') connection.abandon(false);
}

export function oweOverdue(connection: Overdue, requests: Requests): void {
  const { exchange } = connection;
  const { deadline, whenOverdue: ending } = OWING[connection.state.owing];
  if (connection.deadlines.writingGoesOn) return;
  // What reads nothing, or too slowly, is counted where it is cut.
  if (exchange !== null && ending !== 'reset') connection.deadlines.passed(deadline);
  if (exchange === null || ending === 'reset') cutOverdue(connection, requests);
  else if (ending === 503) refuseQueued(exchange, requests, WAITED_IN_VAIN);
  else if (ending === 504) {
    exchange.endedBy('a', 'overdue');
    exchange.answerError(504);
    requests.overdue(exchange, exchange.overdue('timeout'));
  } else if (ending === 'close') {
    exchange.endedBy('c');
    connection.abandon(false);
  }
}

/** An operator wants its end: as if its time were up, and no deadline has passed. */
export function endForOperator(connection: Overdue, requests: Requests): void {
  const { exchange } = connection;
  const { owing } = connection.state;
  if (exchange === null || (owing !== 'running' && owing !== 'streaming')) return;
  exchange.endedBy(enderOf(BY_OPERATOR), BY_OPERATOR);
  if (owing === 'running') exchange.answerError(504);
  const setting = owing === 'running' ? 'timeout' : 'stream_timeout';
  requests.overdue(exchange, { ...exchange.overdue(setting), byOperator: true });
  if (owing === 'streaming') connection.abandon(true);
}

/** Its client has sent its end while it waits for a thread, and may have gone. */
export function refuseIfOverloaded(exchange: Exchange | null, requests: Requests): void {
  if (exchange === null || !requests.overloaded(exchange)) return;
  refuseQueued(exchange, requests, ENDED_IN_QUEUE);
}

/** It never runs. */
function refuseQueued(exchange: Exchange, requests: Requests, failure: Failure): void {
  // It may have been started without our having heard: then it runs, and its time counts from now.
  if (!requests.withdraw(exchange, true)) {
    exchange.started();
    return;
  }
  exchange.jobOver();
  exchange.failed(failure);
}

/** The client does not read, or the application has not gone on with its response. */
export function cutOverdue(connection: Overdue, requests: Requests): void {
  const { exchange } = connection;
  connection.deadlines.passed(OWING[connection.state.owing].deadline);
  if (exchange !== null && connection.state.owing === 'streaming') {
    exchange.endedBy('a', 'stream-overdue');
    requests.overdue(exchange, exchange.overdue('stream_timeout'));
  }
  exchange?.endedBy('c');
  connection.abandon(true);
}
