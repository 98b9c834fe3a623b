// What the rows that end threads and processes share: a server of one test over the application that takes itself down
// in every way, who is who below it, and that in the end none of them is left.

import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { eventually, NODE_APPS, PYTHON, Served, WSGI_APPS } from '../end-to-end/serving.ts';
import { isAlive, nameOf } from '../support/processes.ts';
import { type Server, startServer } from '../support/server.ts';

/** The same application for each kind: how it is started. */
export const freezes = {
  wsgi: { app: 'freezes', cwd: WSGI_APPS, args: ['--python', PYTHON] },
  node: { app: './freezes.mjs', cwd: NODE_APPS, args: [] },
} as const;

/** Its end is the test's: there are too many of them to let all live until the file's. */
export async function serveFreezes(
  t: TestContext,
  kind: keyof typeof freezes,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<Served> {
  const { app, cwd, args: always } = freezes[kind];
  return new Served(t, await startServer(t, { app, cwd, args: [...always, ...args], env }));
}

type Family = Pick<Server, 'childPids'>;

export function pythonsOf(served: Family): number[] {
  return served.childPids().filter((pid) => nameOf(pid).startsWith('python'));
}

/** Commands that the application waits for. */
export function sleepsOf(served: Family): number[] {
  return served.childPids().filter((pid) => nameOf(pid) === 'sleep');
}

/** The only one of them, once it runs. */
export function commandOf(served: Family): Promise<number> {
  return eventually(() => {
    const [command, ...others] = sleepsOf(served);
    return others.length === 0 ? command : null;
  }, 'the command to run');
}

/** The worker that became ready last. */
export function newestWorkerOf(served: Served): number {
  return served.server.workerPids().at(-1) ?? 0;
}

export async function assertAllGone(pids: readonly number[]): Promise<void> {
  assert.ok(pids.length > 0, 'somebody has to be there first');
  await eventually(() => !pids.some(isAlive), `processes ${pids.join(', ')} to be gone`);
}
