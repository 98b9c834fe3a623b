// Where this package lies, which version it is, and the programs that its processes run: one file for each, bundled by
// scripts/build.mjs, because loading a hundred files takes a process longer than all else that it does until it is ready.

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Also seen from a bundled program: dist/src and dist/programs both lie two folders below. */
export const packageFolder = new URL('../../', import.meta.url);

/** Each begins in a file of src/ that scripts/build.mjs names. */
export type ProgramName =
  | 'worker'
  | 'thread'
  | 'shared-loop'
  | 'load-hooks'
  | 'hooks'
  | 'hooks-thread'
  | 'limit-keys'
  | 'spans'
  | 'drill-server'
  | 'top';

export function programAt(name: ProgramName): URL {
  return new URL(`dist/programs/${name}.js`, packageFolder);
}

/** What a config file imports by the name of the package; as in the `exports` of package.json. */
export const configTypesPath = fileURLToPath(
  new URL('dist/src/settings/define-config.js', packageFolder),
);

/** From package.json. */
export function packageVersion(): string {
  const manifest: unknown = JSON.parse(
    readFileSync(new URL('package.json', packageFolder), 'utf8'),
  );
  const has = typeof manifest === 'object' && manifest !== null && 'version' in manifest;
  if (!has || typeof manifest.version !== 'string') throw new Error('package.json has no version');
  return manifest.version;
}
