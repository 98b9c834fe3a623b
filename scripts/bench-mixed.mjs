// `npm run bench:mixed`: fetches what it is compared with (Express to serve, PM2, Watt and the Node.js that Watt wants) into
// node_modules/.cache, and runs it. What cannot be had is named and left out; options are handed on. With `--node24` all servers
// run on the Node.js that Watt wants, where Express is twice as quick.

import { root, run } from './run-step.mjs';
import { getModules, getNode24 } from './test-needs.mjs';

/** Pinned, so that a run today and one next year are alike. wattpm and its parts are of one release. */
const COMPARED = ['express@5.3.0', 'pm2@7.0.4', 'wattpm@3.65.0', '@platformatic/node@3.65.0'];

const modules = getModules('bench-mixed', COMPARED);
const node24 = getNode24();
for (const { missing } of [modules, node24]) if (missing !== '') console.error(missing);
const given = process.argv.slice(2);
const onNode24 = given.includes('--node24') && node24.path !== null;
const args = [
  ...(modules.path === null ? [] : ['--modules', modules.path]),
  ...(node24.path === null ? [] : ['--newer-node', node24.path]),
  ...given.filter((arg) => arg !== '--node24'),
];
const node = onNode24 ? node24.path : process.execPath;
process.exitCode = run(node, [`${root}dist/bench/mixed.js`, ...args]) ? 0 : 1;
