// What a thread that runs the application looks like from outside: give it a request, be told of head, pieces, end or
// failure, take back what it has not started, interrupt it. Python threads and Node.js threads implement it; nothing
// above this folder knows one from the other.

/** Where a request came from, as the connection knows it. */
export interface Peer {
  /** Client address without port; empty for a unix socket. */
  readonly address: string;
  /** Client port; 0 for a unix socket. */
  readonly port: number;
  /** Address of the listener that took the connection (SERVER_NAME); the path for a unix socket. */
  readonly serverName: string;
  /** Port of that listener; 0 for a unix socket. */
  readonly serverPort: number;
  readonly scheme: 'http' | 'https';
  /** The client's certificate (DER, base64), which an authority of ours signed; null: asked for and not shown; absent: not asked for. */
  readonly certificate?: string | null;
  /** What its connection was secured by; absent without TLS of ours. */
  readonly tls?: TlsFacts;
  /** What the PROXY header of its connection said; absent without one. */
  readonly introduction?: Introduction;
  /** Who is connected, where that is a proxy that names another client; absent where it is the client itself. */
  readonly proxy?: { readonly address: string; readonly port: number };
}

/** As a tls.TLSSocket says it: getProtocol(), getCipher(), servername, alpnProtocol. */
export interface TlsFacts {
  readonly protocol: string | null;
  readonly cipher: {
    readonly name: string;
    readonly standardName: string;
    readonly version: string;
  };
  readonly servername: string | false;
  readonly alpnProtocol: string | false | null;
}

export interface Introduction {
  /** TCP4, TCP6; where no address is told: UNKNOWN, LOCAL, UNSPEC or UNIX. */
  readonly protocol: string;
  /** Where the client connected to; null when that is not told. */
  readonly server: { readonly address: string; readonly port: number } | null;
}

/** What a trusted proxy says of a request that it passes on. */
export interface Forwarded {
  /** The client came by https, or by http; null when the proxy does not say. */
  readonly secure: boolean | null;
  /** The client's address; null when it is not taken from the proxy. */
  readonly address: string | null;
  /** Where in the site's paths the application begins (SCRIPT_NAME), as sent; null when the proxy does not say. */
  readonly scriptName: string | null;
}

/** A parsed request head. Strings hold one latin-1 character per byte, as received. */
export interface RequestHead {
  readonly method: string;
  /** The request target exactly as sent (RAW_URI, req.url). */
  readonly target: string;
  /** Target up to the first `?`, as sent; for absolute-form its path; empty for CONNECT. */
  readonly path: string;
  /** Target after the first `?`, as sent. */
  readonly query: string;
  /** Authority of an absolute-form or CONNECT target, else the Host field; null without either (HTTP/1.0). */
  readonly host: string | null;
  /** 0 or 1: HTTP/1.0 or HTTP/1.1. */
  readonly minorVersion: number;
  /** What the client wants: HTTP/1.1 unless it says close, HTTP/1.0 only if it says keep-alive. */
  readonly keepAlive: boolean;
  /** What the client expects of the server (Expect); always nothing for HTTP/1.0. */
  readonly expects: Expectation;
  /** Flat list name, value, name, value in the order and spelling of the client (req.rawHeaders). */
  readonly fields: readonly string[];
  /** Value of Upgrade when Connection lists it, else null. Always null for HTTP/1.0. */
  readonly upgrade: string | null;
  /** Null when nobody says it who is believed. */
  readonly forwarded: Forwarded | null;
}

/** RFC 9110, 10.1.1: `100-continue`, or anything else, alone or beside it. */
export type Expectation = 'nothing' | 'continue' | 'other';

/** A body that streams while the request runs. One consumer takes, one producer feeds. */
export interface BodySource {
  /** Takes up to `maxBytes` of what has arrived; null when nothing is there now. The Buffer belongs to the taker. */
  take(maxBytes: number): Buffer | null;
  /** The application reads: a client that waits for `100 Continue` is to be told. May be called again and again. */
  ask(): void;
  /** True when the body is complete and everything has been taken. */
  readonly ended: boolean;
  /** Flat list name, value, name, value of what followed the body; complete when it has `ended`. */
  readonly trailers: readonly string[];
  /** True when the body will never be complete: the client left, was too slow or broke the framing. */
  readonly failed: boolean;
  /** Set by the taker; called whenever bytes arrived, the body ended or it failed. */
  onChange: (() => void) | null;
}

export type RequestBody =
  | { readonly kind: 'none' }
  /** Complete, in memory. */
  | { readonly kind: 'bytes'; readonly bytes: Buffer }
  /** Complete, in a file that the thread's process opens by this path before the request ends; length in bytes. */
  | { readonly kind: 'file'; readonly path: string; readonly length: number }
  /** Still arriving. */
  | { readonly kind: 'stream'; readonly source: BodySource };

/** Why a request got no (complete) response from its thread. The status is what the client sees if no head was sent. */
export interface Failure {
  readonly status: 500 | 502 | 503 | 504;
  /** Stable code for logs and metrics: app-raised, thread-died, wire-broken, overdue, stopped ... */
  readonly code: string;
  /** For people; for app-raised the traceback or stack. */
  readonly detail: string;
}

/** A response head as a thread gives it, before the server adds its own fields and framing. */
export interface ReplyHead {
  /** Status code and reason: "200 OK". */
  readonly status: string;
  /** Field lines "Name: value\r\n" as one latin-1 string, in the order of the application; free of injected line ends. */
  readonly fields: string;
  /** False when the application forbids a Date field (res.sendDate = false). */
  readonly sendDate: boolean;
}

/** Which trace of OpenTelemetry a request belongs to. */
export interface TracedAs {
  readonly traceId: string;
  readonly sampled: boolean;
  /** What the application finds in the field of that name instead of what came; null: what came. */
  readonly traceparent: string | null;
}

/**
 * One request on its way through queue and thread, and the place that hears what becomes of it. The connection
 * implements it; a thread calls it. After `end`, `whole`, or `failed` a thread calls nothing more but `jobOver`.
 */
export interface Job {
  readonly head: RequestHead;
  readonly peer: Peer;
  readonly body: RequestBody;
  /** Absent, or null: it is in no trace that we know of. */
  readonly trace?: TracedAs | null;
  /** The thread that has it; null while it waits and once it is over. Written by the dispatcher and the job alone. */
  thread: AppThread | null;

  /**
   * The thread has begun; from here on the request cannot be taken back. Called once, before anything below, and once more
   * after each `handedBack`. `atMs`: when, monotonic ms, where that is known better than by the call.
   */
  started(atMs?: number): void;
  /** It was not begun after all, and its thread never will: it waits for another one. */
  handedBack(): void;
  /** 1xx before the head (103 Early Hints, 102, 100): `status` like "103 Early Hints", `fields` as in ReplyHead. */
  interim(status: string, fields: string): void;
  /** The whole response in one: the usual way of a small one. `body` belongs to the connection from here on. */
  whole(head: ReplyHead, body: Buffer): void;
  replyHead(head: ReplyHead): void;
  /**
   * A piece of the body; belongs to the connection from here on. Answers false when no more can be taken in now:
   * the thread (its channel) must pause until `AppThread.resume(job)`.
   */
  piece(bytes: Buffer): boolean;
  /** The rest of the body is this range of an open regular file, which the connection reads and closes. */
  file(fd: number, offset: number, length: number): void;
  /**
   * The application takes the connection over: every `piece` is raw bytes from here on, and `end` its end (FIN), behind which
   * the client may still send. Answers what that sends; null where the client has not asked for it.
   */
  upgraded(): BodySource | null;
  /**
   * The application asks for more time: the request shall not be overdue before so many ms from now. Never shortens what
   * it has. Answers what was granted, ms; 0 where nothing was, because it is over or its bound is reached.
   */
  extend(ms: number): number;
  /** The response is complete. `trailers`: field lines as in ReplyHead, or empty. */
  end(trailers: string): void;
  failed(failure: Failure): void;
  /**
   * The thread is done with the request, whatever became of it and whether or not anybody still listened: its body,
   * which may be a file opened by name, can be given back. Called once, last, for every job that was started.
   */
  jobOver(): void;
}

/** Where the thread of an overdue request was, and what became of it; in words in connection/states/overdue-cases.ts. */
export type OverdueCase =
  | 'interrupted'
  | 'interrupt-ignored'
  | 'native-code'
  | 'interpreter-held'
  | 'asynchronous'
  | 'loop-held'
  | 'loop-in-native-code'
  | 'loop-busy'
  | 'not-begun'
  | 'ended'
  | 'unknown';

/** What is found out about an overdue request. */
export interface Finding {
  readonly case: OverdueCase;
  /** Where the thread was, one call a line, taken from outside it; empty where nothing could be had. */
  readonly stack: string;
}

export type ThreadState =
  /** The application is being loaded. */
  | 'booting'
  /** Takes requests. */
  | 'ready'
  /** Does not answer; its requests are answered for it; being replaced. */
  | 'stuck'
  /** Gone for good. */
  | 'dead';

/** What a thread tells the pool. Set once by the pool before `start`. */
export interface ThreadEvents {
  /** It has room for another request (a request ended, it became ready). */
  roomMade(thread: AppThread): void;
  /**
   * It died before it started these requests: they can go to another thread. Called before `died`. A pool without this
   * has them hear `failed`.
   */
  handedBack?(thread: AppThread, jobs: readonly Job[]): void;
  /** It has more than one request and has fallen silent: what it has not begun waits behind what it runs. */
  silent?(thread: AppThread): void;
  /** It is dead; jobs it had have heard `failed` already. */
  died(thread: AppThread, failure: Failure): void;
}

export interface AppThread {
  /** Short name for logs: "thread 2". Unique within the worker for ever: a replacement has a new one. */
  readonly name: string;
  readonly state: ThreadState;
  /** How many more requests it may be given now; 0 when none, when not ready or when stuck. */
  readonly room: number;
  /** How many requests it has, begun or not. */
  readonly load: number;
  /** How many it can run at once. One that it has keeps no other from running while `load` is less. */
  readonly places: number;
  /**
   * Something holds it while a request waits in it that it has not begun: others are better off elsewhere. Absent where
   * that is seen to in another way.
   */
  readonly held?: boolean;
  /** One more request would not wait long: it has none, or has just answered one. Absent: nobody can say. */
  readonly lively?: boolean;
  /** What it runs now, in words that follow "it ended". Absent: others tell that. */
  underWay?(): string;
  /** Gives it a request. Only when `room` > 0. */
  take(job: Job): void;
  /** Takes a request back. True: it was not started and never will be. False: it has started, and was told so. */
  takeBack(job: Job): boolean;
  /** The client of this running job has gone: what the application still says is dropped, its iterator is closed. */
  clientGone(job: Job): void;
  /** The connection can take pieces of this job's response again. */
  resume(job: Job): void;
  /**
   * The job is overdue; it was answered already and hears nothing more. Asks the thread to end it, and gives the thread up
   * where it does not. Resolves to what was found, for the log, which may be sooner than the thread is free.
   */
  interrupt(job: Job): Promise<Finding>;
}
