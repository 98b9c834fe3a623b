// What reading tells the connection that it belongs to, and asks of it: requests and bytes that have come, faults of the client.

import type { ParsedHead } from '../../http1/head.ts';
import type { RequestBody } from '../../threads/app-thread.ts';
import type { Asking } from '../asking.ts';
import type { Beginning } from '../beginning.ts';
import type { PairDeadlines } from '../pair-deadlines.ts';
import type { ReadingEvent } from '../states/states.ts';
import type { ConnectionState } from '../states/transition.ts';

/** The connection, as far as reading goes. */
export interface IncomingOwner {
  readonly state: ConnectionState;
  readonly beginning: Beginning;
  readonly asking: Asking;
  /** They move as bytes come, and rest while whoever reads the body is slower than the client. */
  readonly deadlines: PairDeadlines;
  /** Moves the reading half and its deadline. */
  read(event: ReadingEvent): void;
  /** A request can be handed on. `releaseBody`: when no thread can read the body any more. */
  request(head: ParsedHead, body: RequestBody, releaseBody: (() => void) | null): void;
  /** The client waits for `100 Continue`, and its body is about to be read. */
  continueExpected(): void;
  /** A fault of the client. */
  refuse(status: number, code: string, detail: string): void;
  /** The body comes too slowly. */
  tooSlow(): void;
  /** The rest of a body that came after its answer is through: the connection can be used again. */
  bodyDrained(): void;
  /** So much of it has come that the connection is not worth keeping. */
  tooMuchDropped(): void;
}
