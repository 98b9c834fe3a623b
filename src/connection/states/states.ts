// Every state a connection can be in: what it waits for, how long, what ends it, which states may follow. A connection
// has two halves, because a body that streams overlaps with the answer: what we read from the client, and what the
// exchange owes it. The code runs on these tables, the property tests walk them and docs/states.md is drawn from them.

/** Settings (seconds) that bound a state. A row must name one; a half that waits for the other says so. */
export type DeadlineSetting =
  | 'handshake_timeout'
  | 'first_byte_timeout'
  | 'head_timeout'
  | 'limit_store_timeout'
  | 'body_timeout'
  | 'keepalive'
  | 'linger_timeout'
  | 'queue_timeout'
  | 'timeout'
  | 'stream_timeout'
  | 'write_timeout'
  | 'upgrade_idle_timeout';

/** What bounds the application. It may ask for more time for one request (`Exchange.extend`). */
export const APPLICATION_TIME: ReadonlySet<DeadlineSetting | OtherHalf> = new Set([
  'timeout',
  'stream_timeout',
]);

/** This half has nothing of its own to wait for: the other half's deadline holds. */
export type OtherHalf = 'other half';

/**
 * What becomes of the connection: a status is answered and the connection closed; `close` says nothing; `reset` is a RST; `let in`:
 * the request goes on.
 */
export type Ending =
  | 'close'
  | 'reset'
  | 408
  | 503
  | 504
  | 'other half'
  | 'finish'
  | 'tell'
  | 'tell or finish'
  | 'close if late'
  | 'let in';

/**
 * A client whose end comes within so many milliseconds of its last byte has said all it wanted to say and waits for the
 * answers (`printf ... | nc -N`). A close looks the same on the wire, but nobody gives up so soon; this long, so that a
 * packet that is lost and sent again (RTO: 200 ms) changes nothing.
 */
export const PROMPT_END_MS = 250;

export type Reading =
  | 'proxy'
  | 'handshake'
  | 'new'
  | 'head'
  | 'asking'
  | 'body'
  | 'complete'
  | 'upgraded'
  | 'keep-alive'
  | 'lingering'
  | 'closed';
/** How a connection begins: perhaps with a PROXY header, with TLS, or with HTTP. */
export type FirstReading = 'proxy' | 'handshake' | 'new';
export type Owing =
  | 'nothing'
  | 'queued'
  | 'running'
  | 'streaming'
  | 'writing'
  | 'upgraded'
  | 'passing on'
  | 'half closed';

export type ReadingEvent =
  /** A PROXY header has come, or something else that shows that there is none. */
  | 'introduced'
  | 'introduced, TLS'
  | 'handshake done'
  | 'first byte'
  /** A head is complete, and how many requests its client has made is counted elsewhere. */
  | 'limits asked'
  | 'head without body'
  | 'head with body'
  | 'body complete'
  /** The application has taken the connection over: what comes is the application's. */
  | 'upgraded'
  /** Of an upgraded connection: nothing more will come. */
  | 'client ended'
  | 'answered, keep'
  | 'answered, next at hand'
  | 'answered, linger'
  /** Idle, and we have sent our end. */
  | 'parted'
  | 'close';

export type OwingEvent =
  /** Handed to the dispatcher, which may run it at once. */
  | 'submitted'
  | 'started'
  /** Its thread died, and had not begun it after all. */
  | 'handed back'
  | 'head out'
  /** The application has taken the connection over, and will send what it likes. */
  | 'upgraded'
  /** Of an upgraded connection: the application has sent its end, and the client has it all. */
  | 'application ended'
  /** The client does not take the bytes as fast as they come. */
  | 'client slower'
  | 'client caught up'
  /** The response, ours or the application's, is complete; bytes may be left for the client. */
  | 'answered'
  | 'settled';

interface Row<State extends string, Event extends string> {
  /** One phrase; docs and the live picture show it. */
  readonly waitsFor: string;
  /** A request that ends in it has this in its end code (end-codes.ts); empty where none can. */
  readonly letter: string;
  readonly deadline: DeadlineSetting | OtherHalf;
  /** Whether progress of the client moves the deadline: false bounds the whole state. */
  readonly progressResets: boolean;
  readonly whenOverdue: Ending;
  /**
   * The client sent its end (FIN). `finish`: what is owed is still sent, then close. `tell`: that is the application's to know,
   * which may go on. `tell or finish`: the application is told, and it is over, where it can be told (Node.js), unless the end comes
   * right behind the request; what another owes is still sent. `close if late`: the same for one
   * right behind what it sent (PROMPT_END_MS); whoever ends later has given up waiting, and is gone.
   */
  readonly whenClientEnds: Ending;
  /** Every way out. An event that is not here is a fault of ours and an assertion. */
  readonly on: { readonly [E in Event]?: State };
}

interface ReadingRow extends Row<Reading, ReadingEvent> {
  /** While it owes nothing nobody waits for us in it: it may be closed early, to make room for others. */
  readonly givesWay: boolean;
}

export const READING: { readonly [S in Exclude<Reading, 'closed'>]: ReadingRow } = {
  proxy: {
    waitsFor: 'a PROXY header, or the first byte of something else',
    letter: 'P',
    deadline: 'handshake_timeout',
    progressResets: false,
    whenOverdue: 'close',
    whenClientEnds: 'close',
    givesWay: true,
    on: {
      introduced: 'new',
      'introduced, TLS': 'handshake',
      'answered, linger': 'lingering',
      close: 'closed',
    },
  },
  handshake: {
    waitsFor: 'the end of the TLS handshake',
    letter: '',
    deadline: 'handshake_timeout',
    progressResets: false,
    whenOverdue: 'close',
    whenClientEnds: 'close',
    givesWay: true,
    on: { 'handshake done': 'new', close: 'closed' },
  },
  new: {
    waitsFor: 'the first byte',
    letter: '',
    deadline: 'first_byte_timeout',
    progressResets: false,
    whenOverdue: 'close',
    whenClientEnds: 'close',
    givesWay: true,
    on: { 'first byte': 'head', parted: 'lingering', close: 'closed' },
  },
  head: {
    waitsFor: 'a complete request head',
    letter: 'H',
    deadline: 'head_timeout',
    progressResets: false,
    whenOverdue: 408,
    whenClientEnds: 'close',
    givesWay: false,
    on: {
      'limits asked': 'asking',
      'head without body': 'complete',
      'head with body': 'body',
      'answered, linger': 'lingering',
      close: 'closed',
    },
  },
  asking: {
    waitsFor: 'the word of those who count for all workers and hosts (limits)',
    letter: 'L',
    deadline: 'limit_store_timeout',
    progressResets: false,
    whenOverdue: 'let in',
    whenClientEnds: 'close if late',
    givesWay: false,
    on: { 'head without body': 'complete', 'head with body': 'body', close: 'closed' },
  },
  body: {
    waitsFor: 'request body bytes',
    letter: 'B',
    deadline: 'body_timeout',
    progressResets: true,
    whenOverdue: 408,
    whenClientEnds: 'close',
    givesWay: false,
    on: { 'body complete': 'complete', 'answered, linger': 'lingering', close: 'closed' },
  },
  complete: {
    waitsFor: 'our answer',
    // With nothing owed: the end of the body is on its way to the disk.
    letter: 'B',
    deadline: 'other half',
    progressResets: false,
    whenOverdue: 'other half',
    whenClientEnds: 'other half',
    givesWay: false,
    on: {
      'answered, keep': 'keep-alive',
      'answered, next at hand': 'head',
      'answered, linger': 'lingering',
      upgraded: 'upgraded',
      close: 'closed',
    },
  },
  upgraded: {
    waitsFor: 'what the client of an upgraded connection sends',
    letter: 'U',
    deadline: 'other half',
    progressResets: false,
    whenOverdue: 'other half',
    whenClientEnds: 'tell',
    givesWay: false,
    on: { 'client ended': 'complete', 'answered, linger': 'lingering', close: 'closed' },
  },
  'keep-alive': {
    waitsFor: 'the next request',
    letter: '',
    deadline: 'keepalive',
    progressResets: false,
    whenOverdue: 'close',
    whenClientEnds: 'close',
    givesWay: true,
    on: { 'first byte': 'head', parted: 'lingering', close: 'closed' },
  },
  lingering: {
    waitsFor: "the client's end after our close",
    letter: '',
    deadline: 'linger_timeout',
    progressResets: false,
    whenOverdue: 'reset',
    whenClientEnds: 'close',
    givesWay: true,
    on: { close: 'closed' },
  },
};

export const OWING: { readonly [S in Owing]: Row<Owing, OwingEvent> } = {
  nothing: {
    waitsFor: 'a request',
    letter: '',
    deadline: 'other half',
    progressResets: false,
    whenOverdue: 'other half',
    whenClientEnds: 'other half',
    // `answered` without a request that ran: the server's own answer to a request it refuses.
    on: { submitted: 'queued', answered: 'writing' },
  },
  queued: {
    waitsFor: 'a free thread',
    letter: 'Q',
    deadline: 'queue_timeout',
    progressResets: false,
    whenOverdue: 503,
    whenClientEnds: 'close if late',
    on: { started: 'running', answered: 'writing' },
  },
  running: {
    waitsFor: 'the application',
    letter: 'R',
    deadline: 'timeout',
    // Only of a body that still arrives: while the client sends, the application may be waiting for it.
    progressResets: true,
    whenOverdue: 504,
    whenClientEnds: 'tell or finish',
    on: {
      'head out': 'streaming',
      'handed back': 'queued',
      upgraded: 'upgraded',
      answered: 'writing',
    },
  },
  streaming: {
    waitsFor: 'the next piece from the application',
    letter: 'S',
    deadline: 'stream_timeout',
    progressResets: true,
    whenOverdue: 'reset',
    // Nobody half-closes in the middle of a response, unless the response was faster than the end of the requests.
    whenClientEnds: 'close if late',
    on: { 'client slower': 'writing', answered: 'writing' },
  },
  writing: {
    waitsFor: 'the client to read',
    letter: 'W',
    deadline: 'write_timeout',
    progressResets: true,
    whenOverdue: 'reset',
    whenClientEnds: 'finish',
    on: { 'client caught up': 'streaming', answered: 'writing', settled: 'nothing' },
  },
  upgraded: {
    waitsFor: 'a byte of an upgraded connection, either way',
    letter: 'U',
    deadline: 'upgrade_idle_timeout',
    progressResets: true,
    whenOverdue: 'close',
    whenClientEnds: 'tell',
    on: {
      'client slower': 'passing on',
      'application ended': 'half closed',
      settled: 'nothing',
    },
  },
  'passing on': {
    waitsFor: 'the client of an upgraded connection to read',
    letter: 'W',
    deadline: 'write_timeout',
    progressResets: true,
    whenOverdue: 'reset',
    whenClientEnds: 'tell',
    on: { 'client caught up': 'upgraded' },
  },
  'half closed': {
    waitsFor: 'what the client still sends, or its end',
    letter: 'U',
    deadline: 'upgrade_idle_timeout',
    progressResets: true,
    whenOverdue: 'close',
    whenClientEnds: 'tell',
    on: { settled: 'nothing' },
  },
};

/** Bytes wait for a client that does not read as fast as they come. */
export function waitsForClient(owing: Owing): boolean {
  return owing === 'writing' || owing === 'passing on';
}

/** Pairs that may be. Whatever is not listed is a fault of ours; transition.ts asserts it. */
export const PAIRS: { readonly [S in Exclude<Reading, 'closed'>]: readonly Owing[] } = {
  // `writing`: a header that is refused is answered without TLS.
  proxy: ['nothing', 'writing'],
  handshake: ['nothing'],
  new: ['nothing'],
  head: ['nothing', 'writing'],
  asking: ['nothing'],
  body: ['nothing', 'queued', 'running', 'streaming', 'writing'],
  // The last three: the client of an upgraded connection has ended its half.
  complete: [
    'nothing',
    'queued',
    'running',
    'streaming',
    'writing',
    'upgraded',
    'passing on',
    'half closed',
  ],
  upgraded: ['nothing', 'upgraded', 'passing on', 'half closed'],
  'keep-alive': ['nothing'],
  // `writing`: our refusal is on its way, and what else the client sends no longer counts.
  lingering: ['nothing', 'writing'],
};
