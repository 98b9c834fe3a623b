// Workers that cannot start: when none ever could, the server ends with Gunicorn's exit codes and says why; when
// others serve, they go on serving.

import assert from 'node:assert/strict';
import { mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { soon } from '../../support/eventually.ts';
import { isAlive } from '../../support/processes.ts';
import { ask, launchArbiter, startArbiter } from './arbiter-program.ts';

async function folder(t: TestContext): Promise<string> {
  const path = await realpath(await mkdtemp(join(tmpdir(), 'arbiter-')));
  t.after(() => rm(path, { recursive: true }));
  return path;
}

for (const [behaviour, code, sentence, reason] of [
  ['boot-3', 3, 'ModuleNotFoundError: no module named x', 'Worker failed to boot.'],
  ['boot-4', 4, "Failed to find attribute 'x' in 'y'.", 'App failed to load.'],
] as const) {
  test(`a first worker that reports ${code} ends the server with ${code} and its words`, async (t) => {
    const arbiter = await launchArbiter(t, { behaviour, args: ['--workers', '3'] });
    assert.equal((await soon(arbiter.exited, 'the end')).code, code);
    const log = arbiter.log();
    assert.equal(log.split(sentence).length - 1, 1, `told once, for three workers:\n${log}`);
    assert.match(log, new RegExp(`\\[ERROR\\] Reason: ${reason.replaceAll('.', '\\.')}`));
  });
}

test('a first worker that just ends before it is ready ends the server with 3', async (t) => {
  const arbiter = await launchArbiter(t, { behaviour: 'boot-exits' });
  assert.equal((await soon(arbiter.exited, 'the end')).code, 3);
  assert.match(arbiter.log(), /Worker \(pid:\d+\) exited with code 7\./);
});

for (const behaviour of ['boot-hangs', 'says-nothing']) {
  test(`a first worker that ${behaviour} ends the server after boot_timeout`, async (t) => {
    const arbiter = await launchArbiter(t, { behaviour, args: ['--boot-timeout', '0.5'] });
    assert.equal((await soon(arbiter.exited, 'the end')).code, 3);
    assert.match(arbiter.log(), /did not load the application within 0\.5 s \(boot_timeout\)\./);
  });
}

test('a worker that cannot start later is logged and tried again, while the healthy one serves', async (t) => {
  const options = { behaviour: 'third-fails', args: ['--workers', '2'] };
  const { arbiter, port } = await startArbiter(t, options, 2);
  await ask(t, port, 'die');
  await arbiter.line(
    /Worker \(pid: \d+\) cannot serve\. \(cannot-serve\)\nSyntaxError: gone bad/,
    3,
  );
  await arbiter.line(/ended before it was ready .*: the next one starts in 400 ms/);
  assert.ok(isAlive(Number(await ask(t, port, 'who'))));
  assert.equal((await arbiter.stop()).code, 0);
});

test('a worker is started in chdir, with raw_env, the addresses and the real Python', async (t) => {
  const chdir = await folder(t);
  const report = join(chdir, 'report.json');
  const args = ['--chdir', chdir, '--env', `REPORT=${report}`];
  const { port } = await startArbiter(t, { app: 'hello:app', args });
  const told = JSON.parse(await readFile(report, 'utf8'));
  assert.equal(told.cwd, chdir);
  assert.match(told.python, /^\/.*python/);
  assert.equal(told.settings.chdir, chdir);
  assert.deepEqual(told.listeners, [
    { index: 0, label: `http://127.0.0.1:${port}`, host: '127.0.0.1', port },
  ]);
  assert.equal(told.check, false);
});

test('a missing Python is one line, before anything is started', async (t) => {
  const arbiter = await launchArbiter(t, { app: 'hello:app', args: ['--python', 'python9'] });
  assert.equal((await soon(arbiter.exited, 'the end')).code, 1);
  assert.match(
    arbiter.log(),
    /\[ERROR\] python9 was not found on PATH \(.+\)\. Install Python 3\.8/,
  );
  assert.doesNotMatch(arbiter.log(), /Listening|Booting/);
});

for (const [script, says] of [
  ['exit 1', 'it ended with exit code 1 and said nothing. Install'],
  ['kill -9 $$', 'it ended with SIGKILL and said nothing. Install'],
  ['echo usage >&2; echo "Try --help." >&2; exit 2', 'Try --help. Install'],
] as const) {
  test(`a Python that runs only "${script}" is one line, too`, async (t) => {
    const python = join(await folder(t), 'python3');
    await writeFile(python, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    const arbiter = await launchArbiter(t, { app: 'hello:app', args: ['--python', python] });
    assert.equal((await soon(arbiter.exited, 'the end')).code, 1);
    const [, error, ...more] = arbiter.log().trimEnd().split('\n');
    assert.ok(error?.includes(`[ERROR] ${python} does not start: ${says}`), arbiter.log());
    assert.deepEqual(more, []);
  });
}

test('a check without Python says so', async (t) => {
  const args = ['--python', '/nowhere/python3'];
  const arbiter = await launchArbiter(t, { app: 'hello:app', check: true, args });
  assert.equal((await soon(arbiter.exited, 'the end')).code, 1);
  assert.match(arbiter.log(), /There is no Python interpreter at \/nowhere\/python3\./);
});

test('a check that passes prints nothing and leaves nothing', async (t) => {
  const arbiter = await launchArbiter(t, { check: true });
  assert.deepEqual(await soon(arbiter.exited, 'the end'), { code: 0, signal: null });
  assert.equal(arbiter.log(), '');
});

test('a check that fails shows the traceback and ends with 1', async (t) => {
  const arbiter = await launchArbiter(t, { behaviour: 'boot-3', check: true });
  assert.equal((await soon(arbiter.exited, 'the end')).code, 1);
  assert.match(arbiter.log(), /Error while loading the application:\n\nModuleNotFoundError/);
  assert.equal(arbiter.standardOutput(), '');
});

for (const [behaviour, sentence, seconds] of [
  ['boot-hangs', /did not load the application within 0\.5 s/, '0.5'],
  // Time enough to start a process at all, however busy the machine.
  ['boot-exits', /The worker ended \(exit code 7\) before the application was loaded/, '30'],
] as const) {
  test(`a check whose worker ${behaviour} fails and says so`, async (t) => {
    const args = ['--boot-timeout', seconds];
    const arbiter = await launchArbiter(t, { behaviour, check: true, args });
    assert.equal((await soon(arbiter.exited, 'the end')).code, 1);
    assert.match(arbiter.log(), sentence);
  });
}
