// `npm test`: fetches what the tests need, then lint, build, the Python checks and every test, on this Node.js and,
// in CI or with --all-nodes, on Node.js 24 too; in CI a minute of the fuzzer. Each step says how long it took; at the end
// stand, each in one line, what could not be had and what failed. The exit code is 1 when anything failed, or, with
// CI=true, when anything was missing, skipped or left to do. `npm test -- --only TEXT` runs only the test files whose path
// contains TEXT; `-- --all-nodes` does what CI does.

import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { delimiter, dirname, join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { root, run, runAndCapture, runBeside } from './run-step.mjs';
import { inOrder, isForEveryVersion, namesOfNothing, share, testFiles } from './test-files.mjs';
import { getNeeds, getNode24 } from './test-needs.mjs';

const { values: options } = parseArgs({
  options: {
    'all-nodes': { type: 'boolean', default: false },
    only: { type: 'string', multiple: true, default: [] },
  },
});
const inCi = /^(1|true|yes)$/i.test(process.env.CI ?? '');

/** CI plays made-up bytes for a minute, once; a run by hand sees the short runs among the tests. */
const FUZZ_SECONDS = 60;

/** One test file for this long at most; the whole command stays below ten minutes on two cores. */
const FILE_TIMEOUT_MS = 180_000;
/** A machine that is busy with something else fails a few files that wait for processes: they are run again, alone, and
 * named at the end. More than these are no accident. */
const MOST_AGAIN = 8;
/** Files named at the end of a run as those to shorten first. */
const SLOWEST = 30;
/** Files that passed only then. */
const again = [];
const failures = [];
const missing = [];
/** "lint 0.5 s", for the last lines. */
const times = [];

await main();

async function main() {
  let needs = { python: null, mypy: null, missing: [] };
  step('what the tests need', () => {
    needs = getNeeds();
    missing.push(...needs.missing);
    // What is missing is told at the end, and is a failure in CI only.
    return true;
  });
  // One core is enough for it, and the others need no more than another most of the time.
  const python = runBeside(process.execPath, ['scripts/python-checks.mjs', JSON.stringify(needs)]);
  step('lint', () => run('npx', ['biome', 'check', '--error-on-warnings', '.']));
  const built = step('build', () => run(process.execPath, ['scripts/build.mjs']));
  step('types of the examples', () =>
    run(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'examples/tsconfig.json']),
  );
  const { ok, text } = await python;
  step('Python bridge, beside these', () => {
    const lines = text.trimEnd().split('\n');
    missing.push(...JSON.parse(lines.pop()));
    console.log(lines.join('\n'));
    return ok;
  });
  const unknown = namesOfNothing();
  if (unknown.length > 0)
    failures.push(`scripts/test-files.mjs names no file: ${unknown.join(', ')}`);
  if (built) await runTestsOnEachNode(needs);
  else failures.push('tests: not run, because the build failed');
  process.exitCode = summary();
}

/** Runs every step to its end: one that fails, or throws, does not hide what the others would have said. */
function step(name, work) {
  console.log(`\n── ${name}`);
  const beganMs = performance.now();
  let passed = false;
  try {
    passed = work();
  } catch (error) {
    console.error(error);
  }
  const seconds = ((performance.now() - beganMs) / 1000).toFixed(1);
  console.log(`── ${name}: ${passed ? 'passed' : 'FAILED'} in ${seconds} s`);
  times.push(`${name} ${seconds} s`);
  if (!passed) failures.push(name);
  return passed;
}

async function runTestsOnEachNode(needs) {
  const nodes = [process.execPath];
  if ((inCi || options['all-nodes']) && !process.version.startsWith('v24.')) {
    const node24 = getNode24();
    if (node24.path) nodes.push(node24.path);
    else missing.push(node24.missing);
  }
  // A Python that may not write its caches beside the bridge, or has not yet, would compile it anew at each start.
  if (needs.python) run(needs.python, ['-m', 'compileall', '-q', 'python/tunicorn_bridge']);
  let fuzzer = null;
  for (const node of nodes) {
    const version = runAndCapture(node, ['--version']).text.trim();
    // Beside the last tests, which wait much of the time: it needs one core.
    if (inCi && node === nodes.at(-1)) {
      const args = ['dist/test/fuzz/main.js', '--seconds', String(FUZZ_SECONDS)];
      fuzzer = runBeside(process.execPath, args);
    }
    step(`tests on Node.js ${version}`, () => runTests(node, `Node.js ${version}`, needs));
  }
  if (fuzzer !== null) {
    const { ok, text } = await fuzzer;
    step('fuzz, beside the last tests', () => {
      process.stdout.write(text);
      return ok;
    });
  }
}

function runTests(node, name, needs) {
  const all = testFiles(options.only);
  const files = node === process.execPath ? all : all.filter(isForEveryVersion);
  // Without a file node would look for tests of its own accord.
  if (files.length === 0) {
    console.error(`No test file has ${options.only.join(' or ')} in its path.`);
    return false;
  }
  const { NODE_EXTRA_CA_CERTS: certificates, ...rest } = process.env;
  const env = {
    ...rest,
    // Node.js 20 reads them in each of thousands of processes, which takes it twice as long as all the rest of its start. The
    // tests have certificates of their own; npm asks a registry, where it is used.
    ...(certificates ? { TUNICORN_TEST_REGISTRY_CA: certificates } : {}),
    // `#!/usr/bin/env node` of the packed command must mean the Node.js under test.
    PATH: `${dirname(node)}${delimiter}${process.env.PATH ?? ''}`,
    ...(needs.python ? { TUNICORN_TEST_PYTHON: needs.python } : {}),
  };
  // Tests wait much of the time: for deadlines, for processes to start and end.
  const first = runFiles(node, files, availableParallelism() + 3, env);
  console.log(`\nThe longest test files: ${slowest(first.told)}.`);
  let { ok } = first;
  const counts = closingCounts(first.text);
  if (!ok && first.failed.length > 0 && first.failed.length <= MOST_AGAIN) {
    console.log(`\nOnce more, one after the other: ${first.failed.join(', ')}`);
    ok = runFiles(node, first.failed, 1, env).ok;
    if (ok) again.push(`${name}: ${first.failed.join(', ')}`);
  }
  if (counts.tests === 0) console.error('No test ran.');
  if (counts.skipped > 0) missing.push(`${name}: ${counts.skipped} skipped`);
  if (counts.todo > 0) missing.push(`${name}: ${counts.todo} marked todo`);
  return ok && counts.tests > 0;
}

/** Runs them and tells which files failed; what they say goes to the output as well. */
function runFiles(node, files, atOnce, env) {
  const folder = mkdtempSync(join(tmpdir(), 'tunicorn-tests-'));
  const { apart, together, entries } = share(
    files,
    atOnce === 1 ? 0 : availableParallelism(),
    folder,
  );
  const plan = join(folder, 'plan.json');
  const report = join(folder, 'report');
  const ordered = inOrder([...apart, ...entries]);
  const text = { files: ordered, atOnce, timeoutMs: FILE_TIMEOUT_MS, report };
  writeFileSync(plan, JSON.stringify(text));
  const done = runAndCapture(node, ['scripts/run-tests.mjs', plan], { env, echo: true });
  const lines = existsSync(report) ? readFileSync(report, 'utf8').split('\n').filter(Boolean) : [];
  rmSync(folder, { recursive: true });
  const told = lines.map((line) => JSON.parse(line));
  const failed = files.filter((file) => told.some((one) => one.failed && one.path.endsWith(file)));
  const silent = together.filter(
    (file) => !told.some((one) => one.tests > 0 && one.path.endsWith(file)),
  );
  if (silent.length > 0) console.error(`No test of these ran: ${silent.join(', ')}.`);
  return {
    ok: done.ok && silent.length === 0,
    text: done.text,
    failed: [...new Set([...failed, ...silent])],
    told,
  };
}

/** "freeze/row-04 15 s, ..." of those that took longest. */
function slowest(told) {
  const longest = told.toSorted((one, other) => other.ms - one.ms).slice(0, SLOWEST);
  return longest
    .map(({ path, ms }) => `${relative(`${root}dist/test`, path)} ${Math.round(ms / 1000)} s`)
    .join(', ');
}

/** What node's runner says at its end: "ℹ tests 12", "ℹ skipped 0" (colours taken off). */
function closingCounts(text) {
  const count = (word) => {
    const found = [...text.matchAll(new RegExp(`^(?:\\S\\[\\d+m)*\\S+ ${word} (\\d+)`, 'gm'))].at(
      -1,
    );
    return found ? Number(found[1]) : 0;
  };
  return { tests: count('tests'), skipped: count('skipped'), todo: count('todo') };
}

function summary() {
  if (missing.length > 0) {
    const rule = '!'.repeat(78);
    console.log(
      `\n${rule}\nNOT HAD, so not everything was tested${inCi ? ' (a failure in CI)' : ''}:`,
    );
    for (const line of missing) console.log(`  - ${line}`);
    console.log(rule);
  }
  for (const line of again) console.log(`\nPassed only when run alone: ${line}`);
  console.log(`\nTimes: ${times.join(', ')}.`);
  const reasons = [...failures];
  if (inCi && missing.length > 0) reasons.push('something was not had, which CI does not allow');
  const good = reasons.length === 0;
  console.log(good ? 'Everything that ran passed.' : `FAILED: ${reasons.join('; ')}.`);
  return good ? 0 : 1;
}
