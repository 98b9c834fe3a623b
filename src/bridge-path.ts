// Where the Python bridge lies in the package.

import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { packageFolder } from './package-folder.ts';

/** What a Python process is started with: for an application, for a config file, for the arbiter's hooks. */
export type BridgeScript = 'launch.py' | 'read_config.py' | 'arbiter_hooks.py';

export function bridgePath(script: BridgeScript): string {
  const path = fileURLToPath(new URL(`python/tunicorn_bridge/${script}`, packageFolder));
  if (!existsSync(path)) throw new Error(`Tunicorn's Python bridge is missing: looked for ${path}`);
  return path;
}
