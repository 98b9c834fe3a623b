// What the connection machine may ask of the edge, and what it may ask of the worker it lives in. The real edge is
// socket.ts; the property tests have another one, with a simulated clock.

import type { Overdue } from '../dispatch/overdue.ts';
import type { ParsedHead } from '../http1/head.ts';
import type { PhaseTimes } from '../observe/access-record.ts';
import type { Failure, Job, Peer } from '../threads/app-thread.ts';
import type { Trace } from '../trace/trace.ts';
import type { Visible } from './states/look.ts';
import type { Instants } from './states/moments.ts';

/** The socket as the machine sees it. None of these calls back into the machine before it returns. */
export interface Effects {
  /**
   * Hands bytes over in order. True when the kernel took all of them; false when some wait in this process:
   * `Connection.drained()` follows once they have left. A string is latin-1. The bytes belong to the edge now.
   */
  write(bytes: Buffer | string): boolean;
  /** Calls `Connection.drained()` in a later turn of the loop, so that one client cannot hold this one. */
  later(): void;
  /** Calls `Connection.looked()` in a later turn, when all that has come from the client by now has been read. */
  look(): void;
  pauseReading(): void;
  resumeReading(): void;
  /** Sends our end (FIN) after what was written; reading goes on. */
  finish(): void;
  /** Tells later how many bytes the kernel holds that the client has not taken; null where that cannot be known. */
  askKernel(tell: (held: number | null) => void): void;
  /** Closes; everything that was written has left this process. `Connection.closed()` follows. */
  close(): void;
  /** Drops what was not sent and closes with a RST; `Connection.closed()` follows. */
  reset(): void;
  /** TLS: the client's hello was answered, so what it sends next takes a round trip. False without TLS. */
  readonly greeted: boolean;
}

/** Where requests go. The dispatcher implements it. */
export interface Requests {
  /** Requests have waited so long for a thread that some will not be served in time, and this may be one. */
  overloaded(job: Job): boolean;
  /** How long it will take until those that wait for a thread now have been served, ms. */
  readonly drainMs: number;
  /** Runs or queues the job, or refuses it at once with `job.failed` (503). */
  submit(job: Job): void;
  /**
   * The client has gone, or was answered without the application. True: it never ran and never will. False: it has
   * been started, and the thread was told that nobody listens unless `unlessStarted` is set.
   */
  withdraw(job: Job, unlessStarted?: boolean): boolean;
  /** It was answered 504 (or its stream was cut): the thread is asked to end it, and replaced if it does not. */
  overdue(job: Job, overdue: Overdue): void;
  /** The connection can take pieces of this job's response again. */
  resume(job: Job): void;
}

/** Questions about the server's health, which it answers by itself and no thread sees. */
export interface Probes {
  /** Whether this request is one. */
  asks(head: ParsedHead): boolean;
  answer(head: ParsedHead): ProbeAnswer;
}

export interface ProbeAnswer {
  /** "200 OK" */
  readonly status: string;
  /** ASCII. */
  readonly text: string;
}

/** An open connection, as the worker that owns it sees it. */
export interface OpenConnection extends Visible {
  /** Its TLS client has said hello and has asked for nothing yet: what it sends next takes a round trip. */
  readonly greeted: boolean;
  /** Closes, unless a request has come or is under way (drain; room for others). */
  giveWay(): void;
  /** The worker drains: a head that has begun must soon be complete. */
  hurry(): void;
  /** `shrink`: it is idle since then, ms of the wheel, and has less time for that than when it began to be. */
  readonly deadlines: Visible['deadlines'] & { shrink(sinceMs: number): void };
  /** The application has taken it over. */
  readonly upgraded: boolean;
  /** No end of it is in sight: the application has taken it over for what has no words for a parting, or sends events. */
  readonly staysLong: boolean;
  /** The worker drains: so much later its client is asked to go, if it speaks a protocol that we know words of. */
  partIn(ms: number): void;
  /** The process ends now: a request under way is answered or cut, and told to the log. */
  stop(failure: Failure): void;
  /** An operator waits for the application no longer: as if its time were up. Only while it has the request. */
  interrupt(): void;
}

/** A request and its response, as logs see them. */
export interface LoggedExchange {
  /** Method and target are empty when the client sent no request line that could be read. */
  readonly head: ParsedHead;
  readonly peer: Peer;
  /** "200 OK"; empty when nothing was answered. */
  readonly status: string;
  /** The application's field lines. */
  readonly replyFields: string;
  /** Bytes of body without framing. */
  readonly bodyBytes: number;
  /** Monotonic ms at which the request was complete enough to be handed on, or was refused. */
  readonly beganMs: number;
  /** Refused: ms since its first byte. */
  readonly waitedMs: number;
  /** How long it waited until a thread began it, ms; null: none did. */
  readonly queuedMs: number | null;
  /** From then until its thread was done with it; null while it is not, or none has begun it. */
  readonly heldMs: number | null;
  /** What it became when the application took its connection over; null: it was a request like others. */
  readonly takenOver: object | null;
  /** It was a question about the server's health. */
  readonly isProbe: boolean;
  /** Who ended it and in which state, in two characters (end-codes.ts). */
  readonly endCode: string;
  /** Of the line in the error log that tells why; empty without one. */
  readonly failureCode: string;
  /** How long each phase took; null when nobody asks. Of use only while `finished` is called. */
  readonly phases: (PhaseTimes & Instants) | null;
  /** Null when nobody asks. */
  readonly trace: Trace | null;
  /** Which thread began it, where it is traced; empty when none did. */
  readonly threadName: string;
}

/** What the worker that owns the connections knows and hears. */
export interface Surroundings {
  /** The worker accepts nobody any more and waits for what is under way. */
  readonly draining: boolean;
  /** May this connection be kept alive after the response that is being planned? */
  mayKeepAlive(connection: OpenConnection): boolean;
  /** How much of its deadline, ms, a connection that is idle has now; `leastMs` at least, or all of it. */
  idleMs(fullMs: number, leastMs: number): number;
  /** The connection waits for a handshake or a request and may be closed to make room. Said again, it counts anew. */
  idle(connection: OpenConnection): void;
  /** It no longer does. */
  busy(connection: OpenConnection): void;
  /** Called exactly once for each connection, whatever way it ended. */
  released(connection: OpenConnection): void;
  /** There will be no TLS with this client. It closes. */
  handshakeFailed(connection: OpenConnection, detail: string): void;
  /** A fault of the client; the server answered `status` by itself. */
  refused(connection: OpenConnection, status: number, code: string, detail: string): void;
  /** No temporary file can be had for a response: it waits in memory, and its thread for its client. */
  spoolRefused(error: Error): void;
  /** A request got no whole response from the application. */
  failed(exchange: LoggedExchange, failure: Failure): void;
  /** A response has left or was cut short: the access log's moment. */
  finished(exchange: LoggedExchange): void;
}
