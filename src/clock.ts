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

const [seconds, nanoseconds] = process.hrtime();
const ahead = seconds * 1000 + nanoseconds / 1e6 - performance.now();

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
