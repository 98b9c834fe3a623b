// What the arbiter and --check-config prepare before the first worker: its folder, its environment, its Python, the
// way to start it. What is wrong with them is told here, once, as a sentence, and not by each worker.

import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { decideApp } from '../settings/app-spec.ts';
import type { Settings } from '../settings/settings.ts';
import { launcher } from './launch.ts';
import { resolvePython } from './python.ts';
import type { ProcessListener, WorkerProcess } from './worker-handle.ts';

export interface Surroundings {
  /** The absolute folder the application runs in (chdir). */
  readonly folder: string;
  /** null for a Node.js application. */
  readonly python: string | null;
  readonly launch: (listener: ProcessListener) => WorkerProcess;
}

const workerMain = new URL('../worker/main.js', import.meta.url);

/** Rejects with an Error with a sentence for people. `workerUrl` stands in for the real worker in tests. */
export async function prepare(
  settings: Settings,
  workerUrl: URL = workerMain,
): Promise<Surroundings> {
  const folder = resolve(settings.chdir);
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) {
    throw new Error(`can't chdir to '${settings.chdir}': there is no such folder.`);
  }
  const env = environment(settings.raw_env);
  const app = decideApp(settings);
  const python =
    app.type === 'wsgi' ? await resolvePython({ python: settings.python, cwd: folder, env }) : null;
  return { folder, python, launch: launcher({ workerUrl, cwd: folder, env }) };
}

/** raw_env, KEY=VALUE each, on top of the arbiter's own environment. */
function environment(rawEnv: readonly string[]): NodeJS.ProcessEnv {
  const env = { ...process.env };
  for (const line of rawEnv) {
    const equals = line.indexOf('=');
    env[line.slice(0, equals)] = line.slice(equals + 1);
  }
  return env;
}
