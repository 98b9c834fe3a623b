// Where the Python bridge lies: beside the compiled tree (dist/src) or beside the sources.

import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** What a Python process is started with: for an application, for a config file, for the arbiter's hooks. */
export type BridgeScript = 'launch.py' | 'read_config.py' | 'arbiter_hooks.py';

export function bridgePath(script: BridgeScript): string {
  const places = ['../../', '../'].map((up) =>
    fileURLToPath(new URL(`${up}python/tunicorn_bridge/${script}`, import.meta.url)),
  );
  const found = places.find((place) => existsSync(place));
  if (found === undefined) {
    throw new Error(`Tunicorn's Python bridge is missing: looked for ${places.join(' and ')}`);
  }
  return found;
}
