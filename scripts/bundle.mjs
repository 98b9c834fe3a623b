// Bundles what each process runs into one file below dist/programs, with what it needs of node_modules: loading one file takes
// a process a third less time until it is ready than loading a hundred. Licences of what is bundled stand in LICENSES.txt beside.

import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { build } from 'esbuild';
import { root } from './run-step.mjs';

/** Program (src/package-folder.ts) and where it begins in src/. */
const PROGRAMS = {
  tunicorn: 'cli/main.ts',
  worker: 'worker/main.ts',
  thread: 'threads/node/guest/main.ts',
  'shared-loop': 'threads/node/guest/run-guest.ts',
  'load-hooks': 'threads/node/guest/load-hooks.ts',
  hooks: 'arbiter/hooks/script-main.ts',
  'hooks-thread': 'arbiter/hooks/script-thread.ts',
  'limit-keys': 'worker/limits/key-thread.ts',
  spans: 'trace/span-thread.ts',
  'drill-server': 'drill/server-main.ts',
  top: 'top/main.ts',
};

/** Started by tests a dozen times in a file: the same saving, two folders below the root as well. */
const TEST_PROGRAMS = { arbiter: 'test/unit/arbiter/run-arbiter.ts' };

/** Loaded by the few who want them, from node_modules: a compiler of TypeScript, clients of statsd and of stores, a terminal's screen, OpenTelemetry. */
const LEFT_OUT = [
  'jiti',
  'hot-shots',
  'rate-limiter-flexible',
  '@redis/client',
  'prom-client',
  'terminal-kit',
  '@opentelemetry/*',
];

/** CommonJS among what is bundled asks for Node.js's own modules. */
const REQUIRE = `import { createRequire as requireOf } from 'node:module';
const require = requireOf(import.meta.url);`;

const folder = `${root}dist/programs/`;
const testFolder = `${root}dist/test-programs/`;

export async function bundlePrograms() {
  rmSync(folder, { recursive: true, force: true });
  const packages = new Set();
  for (const [name, entry] of Object.entries(PROGRAMS)) {
    // One after another and not at once: parts that programs share would be files of their own then.
    const { metafile } = await bundle(`src/${entry}`, `${folder}${name}.js`);
    for (const path of Object.keys(metafile.inputs)) {
      const found = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(path);
      if (found) packages.add(found[1]);
    }
  }
  writeFileSync(`${folder}LICENSES.txt`, licencesOf([...packages].sort()));
  rmSync(testFolder, { recursive: true, force: true });
  for (const [name, entry] of Object.entries(TEST_PROGRAMS)) {
    await bundle(entry, `${testFolder}${name}.js`);
  }
}

function bundle(entry, outfile) {
  return build({
    absWorkingDir: root,
    entryPoints: [entry],
    outfile,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
    external: LEFT_OUT,
    banner: { js: REQUIRE },
    // A stack names the bundled file, whose parts say where they come from; --enable-source-maps names the source.
    sourcemap: true,
    sourcesContent: false,
    metafile: true,
    logLevel: 'warning',
  });
}

/** @param packages their folders below the root */
export function licencesOf(packages) {
  const texts = packages.map((path) => {
    const { name, version, license } = JSON.parse(
      readFileSync(`${root}${path}/package.json`, 'utf8'),
    );
    const file = readdirSync(`${root}${path}`).find((each) => /^licen[cs]e/i.test(each));
    const text = file === undefined ? '' : readFileSync(`${root}${path}/${file}`, 'utf8').trim();
    return `${name} ${version} (${license})\n\n${text}\n`;
  });
  return `What is in this folder contains parts of:\n\n${texts.join(`\n${'-'.repeat(78)}\n\n`)}`;
}
