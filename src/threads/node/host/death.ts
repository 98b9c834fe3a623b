// Why a thread ended that nobody ended, in words: for the log, and for the requests that it had begun. Those that it had not
// begun are handed back.

import { inspect } from 'node:util';
import type { AppThread, Failure, Job, ThreadEvents } from '../../app-thread.ts';
import type { Roster } from './roster.ts';

/** `error` is what nobody caught; null when the application ended the thread itself. */
export function deathOf(name: string, exitCode: number, error: unknown, roster: Roster): Failure {
  const died = { status: 502, code: 'thread-died' } as const;
  if (error === null && roster.resting) {
    return { ...died, detail: `${name} ended: its program has closed its HTTP server.` };
  }
  const ran = roster.underWay();
  if (error === null) {
    const detail = `${name} ended: the application called process.exit(${exitCode}), ${ran}.`;
    return { ...died, detail };
  }
  const { code } = error instanceof Error ? (error as NodeJS.ErrnoException) : {};
  if (code === 'ERR_WORKER_OUT_OF_MEMORY') {
    return {
      ...died,
      code: 'thread-memory',
      detail: `${name} ran out of memory, ${ran}: ${String(error)}`,
    };
  }
  return {
    ...died,
    detail: `${name} died of an error that nobody caught, ${ran}.\n${inspect(error)}`,
  };
}

/** What a thread had not begun when it ended. A pool that takes nothing back has its jobs hear of the failure. */
export function handBack(
  events: ThreadEvents,
  thread: AppThread,
  jobs: readonly Job[],
  failure: Failure,
): void {
  events.handedBack?.(thread, jobs);
  if (events.handedBack !== undefined) return;
  for (const job of jobs) {
    job.started();
    job.failed(failure);
  }
}
