// Ends a process together with what it has started: a command that the application waits for, a Python and its own
// children. SIGKILL to the process alone would leave them running with nobody to wait for them. Linux tells who is
// whose child (/proc); elsewhere only the process itself ends.

import type { ChildProcess } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

/** A process that starts others all the time must not keep us here. */
const MOST_LOOKS = 5;

/**
 * SIGKILL to a process and to its descendants. Those that have gone into a session of their own (`setsid`, `detached:
 * true`) are let alone, and their children with them: they were meant to outlive their starter. Never throws.
 */
export function killTree(pid: number): void {
  // Stopped first, so that it starts nothing while we look.
  signal(pid, 'SIGSTOP');
  const below = descendantsOf(pid);
  signal(pid, 'SIGKILL');
  for (const each of below) signal(each, 'SIGKILL');
}

/** The same for a child of ours. Harmless when it has ended: a pid that was reaped may be somebody else's by now. */
export function killChildTree({ pid, exitCode, signalCode }: ChildProcess): void {
  if (pid !== undefined && exitCode === null && signalCode === null) killTree(pid);
}

/** The same for all that a process, by default this one, has started; itself it goes on. */
export function killDescendants(of = process.pid): void {
  const killed = new Set<number>();
  // Our other threads may start more while we look.
  for (let look = 0; look < MOST_LOOKS; look++) {
    const found = descendantsOf(of).filter((pid) => !killed.has(pid));
    if (found.length === 0) return;
    for (const pid of found) {
      killed.add(pid);
      signal(pid, 'SIGKILL');
    }
  }
}

/**
 * SIGKILL to all that is left of the session that a process has led: what it had started stays in it when it has ended. To be
 * called when it has just ended, or is about to: later its number may be somebody else's. Never throws.
 */
export function killSession(leader: number): void {
  if (!Number.isInteger(leader) || leader <= 1) return;
  for (const { pid, session } of table()) if (session === leader) signal(pid, 'SIGKILL');
}

/** One that has ended and was not waited for does not run any more. */
export function runs(pid: number): boolean {
  const row = rowOf(String(pid));
  return row !== null && row.state !== 'Z' && row.state !== 'X';
}

function signal(pid: number, name: 'SIGSTOP' | 'SIGKILL'): void {
  try {
    if (pid > 1) process.kill(pid, name);
  } catch {
    // It has gone meanwhile, or is another user's by now.
  }
}

interface Row {
  readonly pid: number;
  /** A letter: Z, it has ended and was not waited for; X, it is ending. */
  readonly state: string;
  readonly parent: number;
  readonly session: number;
}

/** Children before grandchildren, those of the process's own session only. None of a process that is not there. */
function descendantsOf(pid: number): number[] {
  // Everything descends from these two: whatever led here by mistake must end here.
  if (!Number.isInteger(pid) || pid <= 1) return [];
  const rows = table();
  const session = rows.find((row) => row.pid === pid)?.session;
  if (session === undefined) return [];
  const found = [pid];
  for (const ancestor of found) {
    for (const row of rows) {
      if (row.parent === ancestor && row.session === session) found.push(row.pid);
    }
  }
  return found.slice(1);
}

function table(): Row[] {
  const rows: Row[] = [];
  for (const name of processNames()) {
    const row = rowOf(name);
    if (row !== null) rows.push(row);
  }
  return rows;
}

function processNames(): string[] {
  try {
    return readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  } catch {
    return [];
  }
}

/** null when it has gone meanwhile. */
function rowOf(name: string): Row | null {
  try {
    const text = readFileSync(`/proc/${name}/stat`, 'latin1');
    // "pid (name) state parent group session ...": the name may hold blanks and brackets, so count from the last one.
    const columns = text.slice(text.lastIndexOf(')') + 2).split(' ');
    const [state = '', parent, , session] = columns;
    return { pid: Number(name), state, parent: Number(parent), session: Number(session) };
  } catch {
    return null;
  }
}
