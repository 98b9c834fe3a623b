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

/** Wall-clock time for people: log lines, the Date field. */
export function wallClock(): Date {
  return new Date();
}
