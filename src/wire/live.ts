// What the page at the status address shows, as the arbiter sends it: what was, once, and then what is, each second. Plain data that is
// fit for JSON; src/arbiter/status makes it and src/page draws it. Durations are milliseconds as they were at `atMs`.

import type { RequestLook } from './look.ts';
import type { Counts } from './tally.ts';

/** So often something is sent while anybody looks, and so long a point of the history is. */
export const FRAME_MS = 1000;

/** Of each thread so many requests are told, those that it has had for longest. */
export const THREAD_REQUESTS_MAX = 3;

/** The history reaches back so far. */
export const HISTORY_POINTS = 600;

/** So many events are remembered; the oldest go first. */
export const EVENTS_MAX = 200;

/** Up to so many open connections each is a mark of its own; beyond it they are counted only. */
export const MARKS_MAX = 400;

/** Waits are sorted by the part of their time that is over: 0 to 10 %, to 20 % ... */
export const BINS = 10;

/** What one second had. */
export interface Point {
  /** When it began, wall clock, Unix milliseconds. */
  readonly atMs: number;
  /** Requests that were over. Workers tell once a second, so what they told is spread over the seconds that it is about. */
  readonly perSecond: number;
  /** Of those with 5xx or without an answer. */
  readonly failedPerSecond: number;
  readonly limitedPerSecond: number;
  /** null: there were none. */
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
  readonly queueP50Ms: number | null;
  readonly queueP99Ms: number | null;
  readonly queued: number;
  readonly connections: number;
  readonly busyThreads: number;
}

/** Connections in one state. */
export interface Lane {
  /** As docs/states.md has it. */
  readonly state: string;
  readonly count: number;
  /** How many have so much of their time behind them: BINS counts. Those without a deadline are in the first. */
  readonly bins: readonly number[];
}

export interface Mark {
  /** The same for a connection as long as it is open. */
  readonly id: string;
  readonly state: string;
  /** The part of the time of its state that is over, 0 to 1; null: it has no deadline. */
  readonly used: number | null;
}

export interface LiveThread {
  readonly worker: number;
  readonly name: string;
  readonly state: string;
  /** Requests that it has, and how many it can run at once. */
  readonly load: number;
  readonly places: number;
  /** Those that it has had for longest, THREAD_REQUESTS_MAX at most. */
  readonly requests: readonly LiveRequest[];
}

export interface LiveRequest extends RequestLook {
  /** What ends it; null: nothing that has a setting. */
  readonly deadline: {
    readonly setting: string;
    readonly inMs: number;
    readonly used: number;
  } | null;
}

export interface LiveWorker {
  readonly pid: number;
  readonly state: string;
  readonly servedSeconds: number | null;
  readonly connections: number;
  readonly queued: number;
  readonly busyThreads: number;
  readonly threads: number;
  readonly memoryBytes: number;
  readonly loopDelayMs: number;
  readonly answered: number;
}

export type EventKind =
  | 'timed out'
  | 'interrupted'
  | 'thread died'
  | 'shed'
  | 'limited'
  | 'worker replaced'
  | 'worker ended'
  | 'reload'
  | 'accepting paused';

/** Something that an operator would ask about, and why it was. */
export interface LiveEvent {
  /** 1, 2, 3 ... over the life of the arbiter. */
  readonly id: number;
  /** Wall clock, Unix milliseconds. */
  readonly atMs: number;
  readonly kind: EventKind;
  /** How often: what happens again and again is told once a second at first and every few seconds then, added up. */
  readonly count: number;
  readonly worker: number | null;
  /** A sentence for people: what and why, with the setting that wanted it so where there is one. */
  readonly why: string;
}

export interface LiveServer {
  readonly name: string;
  readonly version: string;
  readonly pid: number;
  readonly uptimeSeconds: number;
  readonly phase: string;
  readonly listening: readonly string[];
  readonly workersWanted: number;
}

/** The first message of /live, "event: history"; again for who could not be sent every frame, instead of those that are missing. */
export interface History {
  readonly server: LiveServer;
  /** Oldest first, one for each second. */
  readonly points: readonly Point[];
  readonly events: readonly LiveEvent[];
}

/** Every other message of /live: "event: frame". */
export interface Frame {
  readonly server: LiveServer;
  /** Since the message before: one, none or two where clocks lag. The last is about a second old. */
  readonly points: readonly Point[];
  /** Since the start of the server. */
  readonly totals: {
    readonly answered: Counts;
    readonly failed: Counts;
    readonly refused: Counts;
    readonly responseBytes: number;
  };
  /** Only states that a connection is in. */
  readonly lanes: readonly Lane[];
  /** null: more are open than MARKS_MAX. */
  readonly marks: readonly Mark[] | null;
  readonly threads: readonly LiveThread[];
  readonly workers: readonly LiveWorker[];
  /** Since the message before. */
  readonly events: readonly LiveEvent[];
  /** Workers that did not answer in time; they are missing in lanes and threads. */
  readonly silent: readonly number[];
}
