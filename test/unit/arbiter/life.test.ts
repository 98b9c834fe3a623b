// The life of workers and arbiter as processes: replaced when they die, taken down by signals, nothing left behind.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from '../../support/eventually.ts';
import { isAlive } from '../../support/processes.ts';
import { ask, hold, startArbiter } from './arbiter-program.ts';

test('logs its life in the words of Gunicorn', async (t) => {
  const { arbiter, port } = await startArbiter(t, { args: ['--workers', '2'] }, 2);
  const workers = arbiter.childPids();
  assert.equal(workers.length, 2);
  const { code } = await arbiter.stop();
  assert.equal(code, 0);
  const messages = arbiter
    .log()
    .trimEnd()
    .split('\n')
    .map((line) => line.replace(/^\[[^\]]+\] \[\d+\] \[INFO\] /, ''));
  const [first, second, ...rest] = messages;
  assert.match(first ?? '', /^Starting tunicorn \d+\.\d+\.\d+$/);
  assert.equal(second, 'Using worker: gthread');
  // Whoever reads it may connect: it comes with the first worker that accepts.
  const listening = `Listening at: http://127.0.0.1:${port} (${arbiter.pid})`;
  assert.match(messages[messages.indexOf(listening) + 1] ?? '', /^Worker ready/);
  assert.deepEqual(
    rest.sort(),
    [
      listening,
      ...workers.map((pid) => `Booting worker with pid: ${pid}`),
      ...workers.map((pid) => `Worker ready (pid: ${pid})`),
      ...workers.map((pid) => `Worker exiting (pid: ${pid})`),
      'Handling signal: term',
      'Shutting down: Master',
    ].sort(),
  );
  assert.equal(messages.at(-1), 'Shutting down: Master');
  assert.deepEqual(workers.filter(isAlive), []);
});

test('replaces a worker that dies, and clients wait for the next one instead of being refused', async (t) => {
  const { arbiter, port } = await startArbiter(t);
  const first = await ask(t, port, 'who');
  assert.equal(await ask(t, port, 'die'), '');
  // The port stays open in the arbiter: this connects although nobody accepts at the moment.
  const second = await ask(t, port, 'who');
  assert.notEqual(second, first);
  assert.ok(isAlive(Number(second)));
  assert.match(arbiter.log(), new RegExp(`Worker \\(pid:${first}\\) exited with code 9\\.`));
});

test('says what killed a worker', async (t) => {
  const { arbiter, port } = await startArbiter(t);
  const pid = Number(await ask(t, port, 'who'));
  process.kill(pid, 'SIGKILL');
  await arbiter.line(
    new RegExp(`Worker \\(pid:${pid}\\) was sent SIGKILL! Perhaps out of memory\\?`),
  );
  await arbiter.line(/Worker ready/, 2);
});

test('waits longer and longer between workers that die as soon as they are ready', async (t) => {
  const { arbiter } = await startArbiter(t, { behaviour: 'dies-when-ready' }, 4);
  await arbiter.line(/short life number 2 in a row\): the next one starts in 100 ms/);
  await arbiter.line(/short life number 3 in a row\): the next one starts in 200 ms/);
  await arbiter.line(/short life number 4 in a row\): the next one starts in 400 ms/);
  assert.equal((await arbiter.stop()).code, 0);
});

test('TERM lets work under way end', async (t) => {
  const { arbiter, port } = await startArbiter(t);
  const socket = await hold(t, port);
  arbiter.signal('SIGTERM');
  await arbiter.line(/Handling signal: term/);
  // The port is free at once: a new server can take over while the old one finishes.
  await eventually(
    () =>
      ask(t, port, 'who').then(
        () => false,
        () => true,
      ),
    'the port to be closed',
  );
  assert.equal(arbiter.childPids().length, 1);
  socket.end();
  assert.equal((await arbiter.exited).code, 0);
});

test('TERM kills a worker that is not done within graceful_timeout', async (t) => {
  const { arbiter, port } = await startArbiter(t, { args: ['--graceful-timeout', '0.1'] });
  await hold(t, port);
  const [worker = 0] = arbiter.childPids();
  assert.equal((await arbiter.stop()).code, 0);
  assert.match(arbiter.log(), /still had work when graceful_timeout was over: killing it/);
  assert.ok(!isAlive(worker));
});

test('a second signal makes a drain quick', async (t) => {
  const { arbiter, port } = await startArbiter(t);
  await hold(t, port);
  arbiter.signal('SIGTERM');
  await arbiter.line(/Handling signal: term/);
  assert.equal((await arbiter.stop('SIGINT')).code, 0);
  assert.match(arbiter.log(), /Handling signal: int/);
});

for (const signal of ['SIGINT', 'SIGQUIT'] as const) {
  test(`${signal} does not wait for work under way`, async (t) => {
    const { arbiter, port } = await startArbiter(t);
    await hold(t, port);
    assert.equal((await arbiter.stop(signal)).code, 0);
    assert.doesNotMatch(arbiter.log(), /killing it/);
  });
}

test('Ctrl-C reaches the whole process group and everybody leaves in order', async (t) => {
  const { arbiter } = await startArbiter(t, { program: { detached: true } });
  const workers = arbiter.childPids();
  arbiter.signalGroup('SIGINT');
  assert.equal((await arbiter.exited).code, 0);
  assert.deepEqual(workers.filter(isAlive), []);
  assert.doesNotMatch(arbiter.log(), /was sent|exited with code/);
});

test('a worker that ignores a quick stop is killed', async (t) => {
  const { arbiter } = await startArbiter(t, { behaviour: 'ignores-quit' });
  const [worker = 0] = arbiter.childPids();
  assert.equal((await arbiter.stop('SIGINT')).code, 0);
  assert.match(arbiter.log(), new RegExp(`Worker \\(pid: ${worker}\\) did not stop within 1.5 s`));
  assert.ok(!isAlive(worker));
});

test('a worker whose loop stands still is killed and replaced', async (t) => {
  const { arbiter, port } = await startArbiter(t, { args: ['--timeout', '1'] });
  const first = Number(await ask(t, port, 'who'));
  assert.equal(await ask(t, port, 'freeze'), '');
  const second = Number(await ask(t, port, 'who'));
  assert.notEqual(second, first);
  assert.match(arbiter.log(), new RegExp(`\\[CRITICAL\\] WORKER TIMEOUT \\(pid:${first}\\)`));
  assert.ok(!isAlive(first));
});

test('workers are not blamed for silence while the arbiter itself was stopped', async (t) => {
  const { arbiter, port } = await startArbiter(t, { args: ['--timeout', '1'] });
  const pid = await ask(t, port, 'who');
  arbiter.signal('SIGSTOP');
  // Longer than the shortest silence that counts: the stop itself is what is tested, so time must pass.
  await sleep(3_500);
  arbiter.signal('SIGCONT');
  arbiter.signal('SIGUSR1');
  await arbiter.line(/Handling signal: usr1/);
  assert.equal(await ask(t, port, 'who'), pid);
  assert.doesNotMatch(arbiter.log(), /WORKER TIMEOUT/);
});

test('workers leave when the arbiter is killed', async (t) => {
  const { arbiter } = await startArbiter(t, { args: ['--workers', '2'] }, 2);
  const workers = arbiter.childPids();
  await arbiter.kill();
  await eventually(() => workers.every((pid) => !isAlive(pid)), 'the workers to leave');
});
