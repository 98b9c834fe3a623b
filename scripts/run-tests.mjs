// Runs test files in the order in which they are given, with node's test runner of the version that runs this (`node --test` has an
// order of its own): `run-tests.mjs PLAN`, a JSON file of `files`, `atOnce`, `timeoutMs` for each, and `report`, where
// file-report.mjs writes. Prints as the reporter "spec" does; the exit code is 1 when anything failed.

import { createWriteStream, readFileSync } from 'node:fs';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import fileReport from './file-report.mjs';

const { files, atOnce, timeoutMs, report } = JSON.parse(
  readFileSync(process.argv[2] ?? '', 'utf8'),
);

const events = run({ files, concurrency: atOnce, timeout: timeoutMs });
events.on('test:fail', ({ todo }) => {
  if (todo === undefined || todo === false) process.exitCode = 1;
});
// As many listeners as reporters ask for: more than ten are no leak.
events.setMaxListeners(0);
events.compose(new spec()).pipe(process.stdout);
events.compose(fileReport).pipe(createWriteStream(report));
