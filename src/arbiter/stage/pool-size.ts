// How many threads libuv's pool of a Node.js worker gets. The pool does the file operations of the worker's own loop (logs,
// temporary files, file responses) and whatever the threads of the application ask of it (fs, dns.lookup, crypto, zlib),
// first come, first served: with Node.js's four, four calls of the application that wait keep every log line waiting.

import type { AppSpec } from '../../settings/app-spec.ts';

const NAME = 'UV_THREADPOOL_SIZE';
/** What each thread of the application may keep busy before the loop must wait for it. One of them costs 8 kB. */
const FOR_EACH_THREAD = 16;
/** For the loop: what Node.js gives a process. */
const FOR_LOOP = 4;
/** libuv starts all of them at once, and containers count them (`pids.max`). */
const MOST = 128;

/** The environment of a worker. Whoever has chosen a size keeps it; Python's processes have no such pool. */
export function withPoolSize(
  env: NodeJS.ProcessEnv,
  app: AppSpec['type'],
  threads: number,
): NodeJS.ProcessEnv {
  if (app === 'wsgi' || env[NAME] !== undefined) return env;
  return { ...env, [NAME]: `${Math.min(MOST, FOR_LOOP + FOR_EACH_THREAD * Math.max(1, threads))}` };
}
