// Where the Python bridge lies: beside the compiled tree (dist/src) or beside the sources.

import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** What a Python process is started with. */
export function bridgePath(): string {
  const places = ['../../', '../'].map((up) =>
    fileURLToPath(new URL(`${up}python/tunicorn_bridge/launch.py`, import.meta.url)),
  );
  const found = places.find((place) => existsSync(place));
  if (found === undefined) {
    throw new Error(`Tunicorn's Python bridge is missing: looked for ${places.join(' and ')}`);
  }
  return found;
}
