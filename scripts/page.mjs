// Builds the status page (src/page) with Vite into one file, dist/page/index.html, which holds its script and its styles and asks
// nobody for anything. A build is remembered by what it was made of, so that a build of something else does not wait for it.

import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { licencesOf } from './bundle.mjs';
import { root, run } from './run-step.mjs';

/** What the page is made of: all that src/page may import (test/house/may-import.ts), its compiler's terms, its packages. */
const MADE_OF = [
  'src/page',
  'src/wire',
  'src/durations.ts',
  'src/message-of.ts',
  'tsconfig.json',
  'package-lock.json',
  'scripts/page.mjs',
];

/** Their code is in the page. */
const PACKAGES = ['node_modules/preact', 'node_modules/uplot'];

/** It is loaded over slow lines, too. Half of it is uPlot; compressed it would be two fifths. */
const BYTES_MAX = 120_000;

/** So many builds are remembered. */
const KEPT = 10;

/** Browsers of 2024: `light-dark()`, nested styles. */
const BROWSERS = ['chrome123', 'firefox120', 'safari17.5'];

const made = `${root}dist/page`;

/** True when the page is there. */
export async function buildPage() {
  const remembered = `${root}node_modules/.cache/tunicorn-page/${digest()}`;
  if (existsSync(`${remembered}/index.html`)) {
    cpSync(remembered, made, { recursive: true });
    return true;
  }
  if (!run(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'src/page'])) return false;
  const { build } = await import('vite');
  const { viteSingleFile } = await import('vite-plugin-singlefile');
  await build({
    configFile: false,
    root: `${root}src/page`,
    logLevel: 'warn',
    plugins: [viteSingleFile({ removeViteModuleLoader: true })],
    build: { outDir: made, emptyOutDir: true, target: BROWSERS, modulePreload: false },
  });
  writeFileSync(`${made}/LICENSES.txt`, licencesOf(PACKAGES));
  const { size } = statSync(`${made}/index.html`);
  if (size > BYTES_MAX) {
    console.error(`dist/page/index.html has ${size} bytes: more than ${BYTES_MAX}.`);
    return false;
  }
  remember(remembered);
  return true;
}

/** Whoever builds at the same time makes the same; what is there under its own name is whole. */
function remember(folder) {
  try {
    for (const old of builds(dirname(folder)).slice(KEPT)) rmSync(old, { recursive: true });
    cpSync(made, `${folder}.${process.pid}`, { recursive: true });
    renameSync(`${folder}.${process.pid}`, folder);
  } catch {
    // Somebody was first, or node_modules is not ours to write to: then it is built each time.
  }
}

/** Newest first. */
function builds(folder) {
  if (!existsSync(folder)) return [];
  const paths = readdirSync(folder).map((name) => join(folder, name));
  return paths.sort((one, other) => statSync(other).mtimeMs - statSync(one).mtimeMs);
}

function digest() {
  const hash = createHash('sha256').update(process.version);
  for (const path of MADE_OF.flatMap(filesIn)) {
    hash.update(`\0${path}\0`).update(readFileSync(root + path));
  }
  return hash.digest('hex').slice(0, 32);
}

function filesIn(path) {
  if (!statSync(root + path).isDirectory()) return [path];
  return readdirSync(root + path)
    .sort()
    .flatMap((name) => filesIn(`${path}/${name}`));
}
