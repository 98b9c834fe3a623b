// Compiles src, test and bench into dist/, bundles the programs, builds the page and makes the command executable.

import { chmodSync } from 'node:fs';
import { bundlePrograms } from './bundle.mjs';
import { buildPage } from './page.mjs';
import { root, run } from './run-step.mjs';

if (!run(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.json'])) {
  process.exit(1);
}
await bundlePrograms();
if (!(await buildPage())) process.exit(1);
chmodSync(`${root}dist/programs/tunicorn.js`, 0o755);
