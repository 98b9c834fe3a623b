// Threads of this process as Linux knows them: their numbers, how much of the processor they have had, and that one is to go
// behind the others. Where the system has none of it, nothing is known and nothing happens.

import { readFileSync, readlinkSync } from 'node:fs';
import { constants, setPriority } from 'node:os';
import { basename } from 'node:path';

export interface ThreadUse {
  /** It runs, or would if a processor were free; else it waits for something. */
  readonly isRunnable: boolean;
  /** Of the processor, since its start. */
  readonly usedMs: number;
}

/** Of the thread that asks; 0 where that is unknown. */
export function ownSystemThread(): number {
  try {
    return Number(basename(readlinkSync('/proc/thread-self'))) || 0;
  } catch {
    return 0;
  }
}

/**
 * Where all processors are busy the others go first. For good: a process may lower the priority of its threads, and mostly not raise it
 * again. Never the first thread, whose priority is the process's.
 */
export function goBehindOthers(thread: number): void {
  if (thread <= 0 || thread === process.pid) return;
  try {
    setPriority(thread, constants.priority.PRIORITY_BELOW_NORMAL);
  } catch {
    // Somebody forbids it, or it has just ended: then it is one of many.
  }
}

/** Null when it has ended, or nobody knows. */
export function threadUse(thread: number): ThreadUse | null {
  if (thread <= 0) return null;
  try {
    const folder = `/proc/self/task/${thread}`;
    const stat = readFileSync(`${folder}/stat`, 'latin1');
    // Behind its name, which may hold anything.
    const state = stat.slice(stat.lastIndexOf(')') + 2, stat.lastIndexOf(')') + 3);
    const nanoseconds = Number(readFileSync(`${folder}/schedstat`, 'latin1').split(' ')[0]);
    return { isRunnable: state === 'R', usedMs: nanoseconds / 1e6 };
  } catch {
    return null;
  }
}
