// What an exchange asks of the connection that it belongs to.

import type { ParsedHead } from '../../http1/head.ts';
import type { BodySource, Peer } from '../../threads/app-thread.ts';
import type { Asking } from '../asking.ts';
import type { OpenConnection } from '../effects.ts';
import type { PairDeadlines } from '../pair-deadlines.ts';
import type { OwingEvent } from '../states/states.ts';
import type { ConnectionState } from '../states/transition.ts';
import type { Exchange } from './exchange.ts';
import type { Client } from './outflow.ts';

/** The connection, as far as its exchange is concerned. */
export interface ExchangeOwner extends Client, OpenConnection {
  readonly state: ConnectionState;
  readonly asking: Asking;
  /** Whose request it is. */
  peerOf(head: ParsedHead): Peer;
  /** Moves the owing half and its deadline. */
  owe(event: OwingEvent): void;
  /** May it be kept after the answer that is made now? */
  mayKeepAlive(): boolean;
  readonly deadlines: PairDeadlines;
  /** The application takes the connection over. Answers what the client sends. */
  takeOver(): BodySource;
  /** Of an upgraded connection: our end. */
  endSending(): void;
  /** The response has left completely. */
  settle(exchange: Exchange, keepAlive: boolean): void;
  /** The response cannot be completed. */
  abandon(reset: boolean): void;
}
