// Which test files are run, on which version of Node.js, in which order, and which of them share a process: most unit tests need
// none of their own, and a process that loads what a hundred files need takes no longer than for one of them.

import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './run-step.mjs';

/**
 * Run on every version of Node.js that we support: what touches what differs between them, that is threads, modules, node:http's
 * objects, the inspector, TLS, sockets and descriptors. Everything else is the same code on one version as on the next.
 */
const EVERY_VERSION = [
  'end-to-end/debugging',
  'end-to-end/limit.',
  'end-to-end/node-fetch',
  'end-to-end/node-forms',
  'end-to-end/node-listener',
  'end-to-end/program',
  'end-to-end/reload-on-change',
  'end-to-end/tls.',
  'end-to-end/tls-sessions',
  'end-to-end/top',
  'end-to-end/websocket.',
  'end-to-end/without-threads',
  'freeze/row-08-node',
  'freeze/row-09-node',
  'freeze/row-14-node',
  'node-core/',
  'unit/arbiter/sockets/listening',
  'unit/arbiter/sockets/sockets',
  'unit/arbiter/reload/source-watch',
  'unit/arbiter/status/status-server',
  'unit/cli/main',
  'unit/connection/body-on-disk',
  'unit/connection/machine',
  'unit/connection/socket',
  'unit/connection/tls',
  'unit/connection/write-watch',
  'unit/observe/',
  'unit/spool/disk',
  'unit/spool/file-range',
  'unit/spool/spool.',
  'unit/threads-node/',
  'unit/threads-python/process',
  'unit/threads-python/wire',
  'unit/worker/',
];

/**
 * These take longest, most of it waiting: begun first, so that none of them is left when all others are done, and none of the
 * cores is without work meanwhile. `npm test` names the longest at its end.
 */
const LONGEST = [
  'end-to-end/benches',
  'end-to-end/oracles',
  'freeze/row-12',
  'end-to-end/page',
  'freeze/row-10',
  'freeze/row-08-node',
  'freeze/row-11',
  'freeze/row-06-07-requests',
  'end-to-end/status-live',
  'end-to-end/replacement',
  // Not beside the benches: together they take more memory for TCP than the kernel gives, and nobody's answer leaves.
  'freeze/row-04',
  'freeze/row-15',
  'end-to-end/upgrade',
  'end-to-end/tracing',
  'end-to-end/drill',
  'freeze/row-14-wsgi',
  'end-to-end/tls.',
  'unit/arbiter/life',
  'freeze/row-16',
  'freeze/row-08-wsgi',
  'freeze/row-09',
  'end-to-end/wsgi-app-forms',
  'freeze/row-13',
  'end-to-end/process-life',
];

/** Unit tests that wait, start processes and threads, or compute for long: together they would be one long file. */
const LONG_UNITS = [
  'unit/connection/outflow',
  'unit/arbiter/boot',
  'unit/arbiter/life.',
  'unit/arbiter/limits/limit-store',
  'unit/arbiter/reload/source-watch',
  'unit/limits/local',
  'unit/spool/interleavings',
  'unit/spool/pieces',
  'unit/threads-node/',
  'unit/threads-python/',
];

/** What a test does to its process, or looks at of it, is seen by others in it; the servers of a file end with its process. */
const TOUCHES_PROCESS =
  /\bprocess\.(on|once|emit|chdir|umask|exit|exitCode|kill|stdout|stderr|memoryUsage|cpuUsage|resourceUsage)\b|process\.env(\.\w+|\[[^\]]+\]) = |delete process|\bmock\.|\bgc\(|\b(spawn|fork)(Sync)?\(|new Worker\(|(before|after)Each\(|end-to-end\/|support\/(program|server|redis)\b/;

/** Of the lists above, what is in no path any more: files were moved, and would silently be run otherwise than was meant. */
export function namesOfNothing() {
  const files = testFiles([]);
  return [...EVERY_VERSION, ...LONGEST, ...LONG_UNITS].filter(
    (part) => !files.some((file) => has([part], file)),
  );
}

/** @param {readonly string[]} only parts of the paths; none: all */
export function testFiles(only) {
  // Compiled twins of the sources: a file that dist/ has kept from a deleted source is not run.
  return readdirSync(`${root}test`, { recursive: true })
    .map((path) => path.replaceAll('\\', '/'))
    .filter((path) => path.endsWith('.test.ts') && !path.startsWith('apps/'))
    .filter((path) => only.length === 0 || only.some((text) => path.includes(text)))
    .map((path) => `dist/test/${path.replace(/\.ts$/, '.js')}`)
    .sort();
}

export function isForEveryVersion(file) {
  return has(EVERY_VERSION, file);
}

/** In the order in which they are best begun. */
export function inOrder(files) {
  const place = (file) => {
    const at = LONGEST.findIndex((part) => file.includes(`test/${part}`));
    if (at !== -1) return at;
    return /\/together-\d+\./.test(file) ? LONGEST.length : LONGEST.length + 1;
  };
  return files.toSorted((one, other) => place(one) - place(other));
}

/**
 * Writes into `folder` test files that each stand for a share of those that need no process of their own.
 * @returns {{ apart: string[], together: string[], entries: string[] }} the files that run by themselves, the others, and what
 * was written for these.
 */
export function share(files, processes, folder) {
  // Files that are run again have failed among others: each has its own.
  const together = processes === 0 ? [] : files.filter(sharesProcess);
  const entries = [];
  for (let at = 0; at < processes; at++) {
    const part = together.filter((_, index) => index % processes === at);
    if (part.length === 0) continue;
    const entry = join(folder, `together-${at + 1}.test.mjs`);
    const helper = JSON.stringify(new URL('./run-together.mjs', import.meta.url).href);
    const text = `import { runTogether } from ${helper};\n\nrunTogether(${JSON.stringify(part)});\n`;
    writeFileSync(entry, text);
    entries.push(entry);
  }
  return { apart: files.filter((file) => !together.includes(file)), together, entries };
}

function sharesProcess(file) {
  if (!file.includes('test/unit/') || has(LONG_UNITS, file)) return false;
  const source = file.replace(/^dist\//, '').replace(/\.js$/, '.ts');
  return !TOUCHES_PROCESS.test(readFileSync(root + source, 'utf8'));
}

function has(parts, file) {
  return parts.some((part) => file.includes(`test/${part}`));
}
