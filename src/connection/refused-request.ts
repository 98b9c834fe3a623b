// What becomes of a request that the server refuses while it is read: the server answers by itself, unless an answer is on
// its way already, and the connection closes after that.

import type { Exchange } from './answering/exchange.ts';
import type { ConnectionContext } from './context.ts';
import type { OpenConnection } from './effects.ts';
import type { Incoming } from './reading/incoming.ts';
import type { Refusal } from './reading/intake.ts';
import { enderOf, stateLetter } from './states/end-codes.ts';
import type { ConnectionState } from './states/transition.ts';

/** The connection that it came on. */
interface Refusing extends OpenConnection {
  readonly state: ConnectionState;
  readonly exchange: Exchange | null;
  /** The request that is being read, which no thread will see. */
  neverRun(): Exchange;
  /** What the client still sends is read and dropped from here on. */
  readNoMore(): void;
  /** The connection is not kept. */
  close(): void;
  abandon(reset: boolean): void;
}

export function refuseRequest(
  connection: Refusing,
  incoming: Incoming,
  context: ConnectionContext,
  { status, code, detail }: Refusal,
): void {
  const { reading } = connection.state;
  if (reading === 'closed') return;
  if (incoming.draining) {
    // The request has had its response: there is nothing to say, only to close.
    connection.close();
    return;
  }
  context.surroundings.refused(connection, status, code, detail);
  const exchange = connection.exchange ?? connection.neverRun();
  if (!exchange.answered) exchange.endedBy(enderOf(code), code, stateLetter(reading, 'nothing'));
  answer(connection, exchange, incoming, context, status);
}

/** What is read of the request broke; a thread may have it already, if its body streams. */
function answer(
  connection: Refusing,
  exchange: Exchange,
  incoming: Incoming,
  context: ConnectionContext,
  status: number,
): void {
  if (exchange.answered) {
    // A whole answer is on its way; it is the last.
    connection.readNoMore();
    return;
  }
  if (exchange.headMade) {
    connection.abandon(true);
    return;
  }
  incoming.fail();
  if (context.requests.withdraw(exchange)) exchange.jobOver();
  exchange.answerError(status, false);
  const { reading } = connection.state;
  if (reading === 'head' || reading === 'body' || reading === 'proxy') connection.readNoMore();
}
