// Looks at processes from outside, through /proc: who is alive, who is whose child, how much memory and processor
// time they took. Linux only, like the tests that use it.

import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

interface Stat {
  readonly state: string;
  readonly parent: number;
  readonly userTicks: number;
  readonly systemTicks: number;
}

/** False also for a zombie: it runs no more. */
export function isAlive(pid: number): boolean {
  const stat = statOf(pid);
  return stat !== null && stat.state !== 'Z' && stat.state !== 'X';
}

/** The living descendants of a process, children before grandchildren; none of 0, which stands for no process at all. */
export function descendantsOf(pid: number): number[] {
  if (pid === 0) return [];
  const parents = new Map<number, number>();
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    const stat = statOf(Number(entry));
    if (stat !== null && stat.state !== 'Z') parents.set(Number(entry), stat.parent);
  }
  const found = [pid];
  for (const ancestor of found) {
    for (const [child, parent] of parents) if (parent === ancestor) found.push(child);
  }
  return found.slice(1);
}

/** Resident memory in bytes; 0 when the process has gone. */
export function residentBytes(pid: number): number {
  const line = readOrEmpty(`/proc/${pid}/status`).match(/^VmRSS:\s+(\d+) kB/m);
  return Number(line?.[1] ?? 0) * 1024;
}

/** The most resident memory that the process ever had, in bytes; 0 when it has gone. */
export function peakResidentBytes(pid: number): number {
  const line = readOrEmpty(`/proc/${pid}/status`).match(/^VmHWM:\s+(\d+) kB/m);
  return Number(line?.[1] ?? 0) * 1024;
}

/** Memory that other processes have mapped as well, and memory that is this one's alone; Linux. */
export function sharedAndOwnKiB(pid: number): { readonly shared: number; readonly own: number } {
  const text = readOrEmpty(`/proc/${pid}/smaps_rollup`);
  const sum = (pattern: RegExp): number =>
    [...text.matchAll(pattern)].reduce((total, match) => total + Number(match[1]), 0);
  return {
    shared: sum(/^Shared_(?:Clean|Dirty):\s+(\d+) kB/gm),
    own: sum(/^Private_(?:Clean|Dirty):\s+(\d+) kB/gm),
  };
}

/** Processor time used so far, user and system, in milliseconds; exact to 10 ms. */
export function processorMs(pid: number): number {
  const stat = statOf(pid);
  const msPerTick = 10;
  return stat === null ? 0 : (stat.userTicks + stat.systemTicks) * msPerTick;
}

/** The share of a core that these use within so many milliseconds, all together. */
export async function processorShare(pids: readonly number[], ms: number): Promise<number> {
  const used = (): number => pids.reduce((sum, pid) => sum + processorMs(pid), 0);
  const [usedBefore, beganMs] = [used(), performance.now()];
  await sleep(ms);
  return (used() - usedBefore) / (performance.now() - beganMs);
}

/** The name of the program: "node", "python3". */
export function nameOf(pid: number): string {
  return readOrEmpty(`/proc/${pid}/comm`).trim();
}

/** What a process calls itself, in `ps`; empty when it has gone. */
export function titleOf(pid: number): string {
  return readOrEmpty(`/proc/${pid}/cmdline`).replace(/\0+$/, '');
}

function statOf(pid: number): Stat | null {
  const text = readOrEmpty(`/proc/${pid}/stat`);
  if (text === '') return null;
  // The name stands in brackets and may hold blanks and brackets: count from the last one.
  const columns = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return {
    state: columns[0] ?? 'X',
    parent: Number(columns[1]),
    userTicks: Number(columns[11]),
    systemTicks: Number(columns[12]),
  };
}

function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}
