// How much memory a worker holds: its own process and the Python processes beside it, as the kernel counts resident
// pages. Pages that several processes share are counted in each.

import { readFileSync } from 'node:fs';

/** What x86-64 and most ARM systems have; elsewhere the number comes out too small, never too large. */
const PAGE_BYTES = 4096;

/** Resident bytes of this process and of those `pids`; 0 for one that has gone or cannot be looked at. */
export function residentBytes(pids: readonly number[]): number {
  return ownResidentBytes() + residentBytesOf(pids);
}

/** Of this process alone; 0 where that cannot be looked at. */
export function ownResidentBytes(): number {
  try {
    return process.memoryUsage.rss();
  } catch {
    // It opens a file to find out, and there may be no descriptor for it.
    return 0;
  }
}

/** Of those alone. */
export function residentBytesOf(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => sum + residentBytesOfOne(pid), 0);
}

function residentBytesOfOne(pid: number): number {
  try {
    // size resident shared text lib data dt, in pages.
    const [, resident] = readFileSync(`/proc/${pid}/statm`, 'latin1').split(' ');
    return Number(resident ?? 0) * PAGE_BYTES;
  } catch {
    return 0;
  }
}
