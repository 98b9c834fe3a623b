// Every state a worker process can be in, as the arbiter sees it: what it waits for, how long, what is done when the
// time is up, which states may follow. worker-handle.ts runs on this table and the tests read it; a state without a
// deadline does not compile. All times are milliseconds.

import { EVALUATE_MS } from '../../settings/evaluation.ts';
import type { Settings } from '../../settings/settings.ts';

export type LivingState =
  | 'booting'
  | 'waiting'
  | 'unwanted'
  | 'ready'
  | 'draining'
  | 'quitting'
  | 'killed';
export type WorkerState = LivingState | 'dead';

export type WorkerEvent =
  /** It is there, and hooks are called before it may load the application. */
  | 'wait'
  /** They have been. */
  | 'begin'
  /** The worker accepts. */
  | 'ready'
  /** The worker says that it cannot serve and is about to exit. */
  | 'boot-failed'
  /** It is done and cannot exit by itself: native code of the application never returns. */
  | 'finished'
  /** We want it to finish what is under way and go. */
  | 'drain'
  /** We want it to go now. */
  | 'quit'
  /** We want it gone, whatever it does. */
  | 'kill'
  /** The state's deadline has passed. */
  | 'overdue'
  /** The process has ended. */
  | 'exit';

/** The lengths of time the table refers to; Infinity where the user switched one off. */
export interface WorkerLimits {
  readonly boot: number;
  /** For one hook of the arbiter; as many of them are waited for as are called one after another. */
  readonly hook: number;
  readonly silence: number;
  readonly graceful: number;
  readonly quit: number;
  readonly death: number;
}

export interface WorkerStateRow {
  /** One phrase: for people. */
  readonly waitsFor: string;
  readonly deadline: keyof WorkerLimits;
  /** A sign of life starts the deadline anew. */
  readonly heartbeatResets: boolean;
  /** What is done on entering. */
  readonly onEntry: 'nothing' | 'say drain' | 'say quit' | 'send SIGKILL';
  /** The log line when the deadline passes. */
  readonly overdue: {
    readonly level: 'info' | 'warning' | 'error' | 'critical';
    readonly text: (pid: number, limitMs: number) => string;
  };
  /** Every way out. An event with no entry changes nothing: it came too late, and the handle says so to its caller. */
  readonly on: { readonly [E in WorkerEvent]?: WorkerState };
}

const seconds = (ms: number): string => `${Number((ms / 1000).toFixed(1))} s`;

export const workerStates: { readonly [S in LivingState]: WorkerStateRow } = {
  booting: {
    waitsFor: 'the application to be loaded',
    deadline: 'boot',
    heartbeatResets: false,
    onEntry: 'nothing',
    overdue: {
      level: 'error',
      text: (pid, ms) =>
        `Worker (pid: ${pid}) did not load the application within ${seconds(ms)} (boot_timeout).`,
    },
    // It has served nothing yet, so there is nothing to drain.
    on: {
      wait: 'waiting',
      ready: 'ready',
      'boot-failed': 'quitting',
      drain: 'unwanted',
      quit: 'unwanted',
      finished: 'killed',
      kill: 'killed',
      overdue: 'killed',
      exit: 'dead',
    },
  },
  waiting: {
    waitsFor: 'pre_fork to return, and hooks that are called before it',
    deadline: 'hook',
    heartbeatResets: false,
    onEntry: 'nothing',
    overdue: {
      level: 'error',
      text: (pid, ms) => `Worker (pid: ${pid}) has waited ${seconds(ms)} for pre_fork.`,
    },
    // Its time to load the application begins then.
    on: {
      begin: 'booting',
      'boot-failed': 'quitting',
      drain: 'unwanted',
      quit: 'unwanted',
      finished: 'killed',
      kill: 'killed',
      overdue: 'killed',
      exit: 'dead',
    },
  },
  unwanted: {
    waitsFor: 'the process, which still boots, to end',
    deadline: 'quit',
    heartbeatResets: false,
    onEntry: 'say quit',
    // It hears nothing before it runs: on a busy machine that is no trouble.
    overdue: {
      level: 'info',
      text: (pid) => `Worker (pid: ${pid}) still boots and is not wanted any more: killing it.`,
    },
    on: { finished: 'killed', kill: 'killed', overdue: 'killed', exit: 'dead' },
  },
  ready: {
    waitsFor: 'a sign of life',
    deadline: 'silence',
    heartbeatResets: true,
    onEntry: 'nothing',
    overdue: { level: 'critical', text: (pid) => `WORKER TIMEOUT (pid:${pid})` },
    // boot-failed after ready: it cannot listen again on a duplicate it asked for later.
    on: {
      'boot-failed': 'quitting',
      drain: 'draining',
      quit: 'quitting',
      finished: 'killed',
      kill: 'killed',
      overdue: 'killed',
      exit: 'dead',
    },
  },
  draining: {
    waitsFor: 'requests under way to end',
    deadline: 'graceful',
    heartbeatResets: false,
    onEntry: 'say drain',
    overdue: {
      level: 'warning',
      text: (pid) =>
        `Worker (pid: ${pid}) still had work when graceful_timeout was over: killing it.`,
    },
    on: {
      quit: 'quitting',
      finished: 'killed',
      kill: 'killed',
      overdue: 'killed',
      exit: 'dead',
    },
  },
  quitting: {
    waitsFor: 'the process to end',
    deadline: 'quit',
    heartbeatResets: false,
    onEntry: 'say quit',
    overdue: {
      level: 'warning',
      text: (pid, ms) => `Worker (pid: ${pid}) did not stop within ${seconds(ms)}: killing it.`,
    },
    on: { finished: 'killed', kill: 'killed', overdue: 'killed', exit: 'dead' },
  },
  killed: {
    waitsFor: 'the kernel to end the process',
    deadline: 'death',
    heartbeatResets: false,
    onEntry: 'send SIGKILL',
    overdue: {
      level: 'critical',
      text: (pid, ms) =>
        `Worker (pid: ${pid}) is still there ${seconds(ms)} after SIGKILL, probably waiting for a disk: going on without it.`,
    },
    on: { overdue: 'dead', exit: 'dead' },
  },
};

/** Heartbeats come once a second; less than this would kill healthy workers of a busy machine. */
export const shortestSilenceMs = 3_000;
/** What a worker needs to hear `quit`, end its Python process and leave. */
export const quitMs = 1_500;
/** SIGKILL takes microseconds; only a process stuck in the kernel is still there after this. */
export const deathMs = 5_000;

/** `lastHooksMs`: how long hooks that are called last may take. */
export function workerLimits(
  settings: Pick<Settings, 'boot_timeout' | 'hook_timeout' | 'timeout' | 'graceful_timeout'>,
  lastHooksMs = 0,
): WorkerLimits {
  const silence = settings.timeout * 1000;
  return {
    boot: settings.boot_timeout * 1000,
    // After one that hangs the file is evaluated anew.
    hook: settings.hook_timeout * 1000 + EVALUATE_MS,
    silence: silence === 0 ? Infinity : Math.max(silence, shortestSilenceMs),
    // The worker ends itself then, in as much time as when it is told to quit; SIGKILL must not race with that.
    graceful: settings.graceful_timeout * 1000 + quitMs,
    quit: quitMs + lastHooksMs,
    death: deathMs,
  };
}
