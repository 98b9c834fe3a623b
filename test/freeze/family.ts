// The processes below a server, for the rows that end them: who is who, and that in the end none of them is left.

import assert from 'node:assert/strict';
import { eventually, type Served } from '../end-to-end/serving.ts';
import { isAlive, nameOf } from '../support/processes.ts';

export function pythonsOf(served: Served): number[] {
  return served.childPids().filter((pid) => nameOf(pid).startsWith('python'));
}

/** Commands that the application waits for. */
export function sleepsOf(served: Served): number[] {
  return served.childPids().filter((pid) => nameOf(pid) === 'sleep');
}

/** The worker that became ready last. */
export function newestWorkerOf(served: Served): number {
  return served.server.workerPids().at(-1) ?? 0;
}

export async function assertAllGone(pids: readonly number[]): Promise<void> {
  assert.ok(pids.length > 0, 'somebody has to be there first');
  await eventually(() => !pids.some(isAlive), `processes ${pids.join(', ')} to be gone`);
}
