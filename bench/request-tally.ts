// What it costs a worker to count one request: class, duration and wait, the clock included that it looks at. Nanoseconds of
// processor time for each, the least of several runs. The argument: how many requests in a run.

import { monotonicMs } from '../src/clock.ts';
import { RequestTally } from '../src/worker/telemetry/request-tally.ts';

const REQUESTS = Number(process.argv[2] ?? 2_000_000);
const RUNS = 5;

function nanoseconds(look: (at: number) => void): number {
  const before = process.cpuUsage();
  for (let at = 0; at < REQUESTS; at++) look(at);
  const { user, system } = process.cpuUsage(before);
  return ((user + system) * 1000) / REQUESTS;
}

const tally = new RequestTally();
const note = (durationMs: number, queuedMs: number): void =>
  tally.note({ status: '200 OK', durationMs, queuedMs, heldMs: 1, failureCode: '', bodyBytes: 9 });
const runs = Array.from({ length: RUNS }, () => [
  nanoseconds((at) => note(at & 1023, at & 3)),
  nanoseconds((at) => {
    const beganMs = monotonicMs();
    note(monotonicMs() - beganMs + (at & 63), 0);
  }),
]);
const least = (which: number): string => Math.min(...runs.map((run) => run[which] ?? 0)).toFixed(0);
process.stdout.write(
  `counting one request: ${least(0)} ns; with two looks at the clock: ${least(1)} ns\n`,
);
