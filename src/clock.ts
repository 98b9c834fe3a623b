// The one file that asks what time it is. Everything that measures or waits is told the time as an argument,
// so that the tests can run the same code on a clock of their own.

/** Milliseconds since this process started, monotonic: never jumps when the wall clock is set. */
export function monotonicMs(): number {
  return performance.now();
}

/** The system's own monotonic clock (CLOCK_MONOTONIC), microseconds: for other processes that read the same one. */
export function systemMonotonicUs(): bigint {
  return process.hrtime.bigint() / 1000n;
}

/** Looked at a few times: this thread may stand still between two looks at clocks. */
const LOOKS = 8;
const ahead = aheadOfOurs();

/** How far the clock of the system is ahead of `monotonicMs`. */
function aheadOfOurs(): number {
  let least = Number.POSITIVE_INFINITY;
  let found = 0;
  for (let look = 0; look < LOOKS; look++) {
    const before = performance.now();
    const [seconds, nanoseconds] = process.hrtime();
    const took = performance.now() - before;
    if (took >= least) continue;
    least = took;
    found = seconds * 1000 + nanoseconds / 1e6 - before - took / 2;
  }
  return found;
}

/** The same moment as `monotonicMs`, on a clock that all threads of this process share: each has a beginning of its own. */
export function toSharedClock(ms: number): number {
  return ms + ahead;
}

/** The way back. */
export function fromSharedClock(ms: number): number {
  return ms - ahead;
}

/** Wall-clock time for people: log lines, the Date field. */
export function wallClock(): Date {
  return new Date();
}

/** Calls back once, after so long; 0: in a later turn of the loop, when what has come in meanwhile was read. Keeps no process. */
export function later(ms: number, deed: () => void): void {
  if (ms === 0) setImmediate(deed);
  else setTimeout(deed, ms).unref();
}
