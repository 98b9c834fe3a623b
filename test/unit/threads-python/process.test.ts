// The Python process from start to end, with real interpreters: boot errors, requests, threads that hang or die,
// garbage on the wire, and that nothing is left behind.

import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import type { Job } from '../../../src/threads/app-thread.ts';
import { BootError } from '../../../src/threads/boot-error.ts';
import { pair, ToControl } from '../../../src/threads/python/control.ts';
import { descriptorsToStart } from '../../../src/threads/python/spawn.ts';
import { eventually } from '../../support/eventually.ts';
import { appFolder, makeProcess, RecordingJob, startApp } from './running-app.ts';

const OK = `
import os, sys, time, threading
def app(environ, start_response):
    path = environ['PATH_INFO']
    if path == '/raise':
        raise ZeroDivisionError('on purpose')
    if path == '/exit':
        os._exit(7)
    if path == '/hang':
        open(os.path.join(os.path.dirname(__file__), 'hangs'), 'w').close()
        threading.Event().wait()
    if path == '/sleep':
        time.sleep(100000)
    if path == '/spin':
        while True: pass
    if path == '/native':
        import ctypes
        ctypes.PyDLL(None).sleep(100000)
    start_response('200 OK', [('Content-Type', 'text/plain')])
    return [path.encode('latin-1')]
`;

async function bootError(source: string, more: object, t: Parameters<typeof appFolder>[0]) {
  const python = makeProcess(appFolder(t, source), more);
  t.after(() => python.stop(false));
  const error = await python.start().then(
    () => null,
    (reason: unknown) => reason,
  );
  assert(error instanceof BootError);
  return error;
}

test('an application that cannot be imported is a boot error 3 that shows its traceback', async (t) => {
  const error = await bootError('import nothing_like_this\n', {}, t);
  assert.equal(error.exitCode, 3);
  assert.match(error.message, /app\.py", line 1/);
  assert.match(error.message, /No module named 'nothing_like_this'/);
  assert.doesNotMatch(error.message, /tunicorn_bridge/);
});

test('a syntax error is a boot error 3 that shows the line', async (t) => {
  const error = await bootError('def app(:\n', {}, t);
  assert.equal(error.exitCode, 3);
  assert.match(error.message, /SyntaxError/);
});

test('a missing attribute is a boot error 4 in the words of Gunicorn', async (t) => {
  const error = await bootError('x = 1\n', { app: 'app:nothing' }, t);
  assert.equal(error.exitCode, 4);
  assert.equal(error.message, "Failed to find attribute 'nothing' in 'app'.");
});

test('an application that cannot be called is a boot error 4', async (t) => {
  const error = await bootError('app = 42\n', {}, t);
  assert.equal(error.exitCode, 4);
  assert.equal(error.message, 'Application object must be callable.');
});

test('an application that ends the process while it loads is a boot error 3', async (t) => {
  const error = await bootError('import os\nos._exit(9)\n', {}, t);
  assert.equal(error.exitCode, 3);
  assert.match(error.message, /ended with exit code 9 while it loaded app:app/);
});

test('a Python that does not exist is a boot error that names it', async (t) => {
  const error = await bootError(OK, { python: '/nowhere/python3' }, t);
  assert.equal(error.exitCode, 3);
  assert.match(error.message, /\/nowhere\/python3/);
});

test('it takes as many descriptors as are reckoned with, one end of each pair when it has started', async (t) => {
  const open = (): number => readdirSync('/proc/self/fd').length;
  for (const threads of [1, 6]) {
    const python = makeProcess(appFolder(t, OK), { threads });
    t.after(() => python.stop(false));
    const before = open();
    const started = python.start();
    assert.equal(2 * (open() - before), descriptorsToStart(threads));
    await started;
  }
});

test('an application factory is called with its literal arguments', async (t) => {
  const source = `
def make(word, times=1):
    def inner(environ, start_response):
        start_response('200 OK', [])
        return [(word * times).encode()]
    return inner
`;
  const { run } = await startApp(t, source, { app: "app:make('ab', times=2)" });
  assert.equal((await run(new RecordingJob('/'))).text, 'abab');
});

test('without an attribute "application" is looked for, then "app"', async (t) => {
  const { run } = await startApp(t, OK, { app: 'app' });
  assert.equal((await run(new RecordingJob('/x'))).text, '/x');
});

test('when the process dies every running job hears failed once, and the death is told', async (t) => {
  const { python, folder, freeThread } = await startApp(t, OK, { threads: 2 });
  const died = new Promise<string>((resolve) => {
    python.onDeath = (failure) => resolve(failure.detail);
  });
  const [hang, exit] = [new RecordingJob('/hang'), new RecordingJob('/exit')];
  (await freeThread()).take(hang);
  // What has not begun does not die with the process: it runs elsewhere.
  await eventually(() => existsSync(join(folder, 'hangs')));
  (await freeThread()).take(exit);
  const jobs = [hang, exit];
  assert.match(await died, /ended with exit code 7/);
  for (const job of jobs) {
    assert.deepEqual(job.heard, ['started', 'failed']);
    assert.equal(job.failures[0]?.status, 502);
    assert.equal(job.failures[0]?.code, 'thread-died');
    assert.equal(job.over, 1);
  }
  assert.deepEqual([...python.threads], []);
});

test('in the moment between the end of the process and its report nobody is sent a signal', async (t) => {
  const { python } = await startApp(t, OK);
  const { pid } = python;
  process.kill(pid, 'SIGKILL');
  const isThere = (): boolean => {
    try {
      return process.kill(pid, 0);
    } catch {
      return false;
    }
  };
  while (isThere()) await turn();
  assert.equal(await python.interpreter.stacksBySignal(), '');
});

test('a graceful stop lets the running request end and runs atexit handlers', async (t) => {
  const source = `
import atexit, os
atexit.register(lambda: open('left', 'w').write('bye'))
def app(environ, start_response):
    start_response('200 OK', [])
    yield b'1'
    while not os.path.exists('go'): pass
    yield b'2'
`;
  const { python, folder, freeThread } = await startApp(t, source);
  const job = new RecordingJob('/');
  (await freeThread()).take(job);
  await job.until(() => job.pieces.length === 1);
  const stopped = python.stop(true);
  writeFileSync(join(folder, 'go'), '');
  await stopped;
  assert.equal(job.text, '12');
  assert.equal(readFileSync(join(folder, 'left'), 'utf8'), 'bye');
});

test('the heartbeat is answered while every thread is busy, and not while the lock is held', async (t) => {
  const { python, freeThread } = await startApp(t, OK, { threads: 2 });
  (await freeThread()).take(new RecordingJob('/spin'));
  assert.equal(await python.interpreter.ping(5000), true);
  (await freeThread()).take(new RecordingJob('/native'));
  while (await python.interpreter.ping(200)) {
    // The native call has not begun yet.
  }
  assert.match(await python.interpreter.stacks(), /app\.py/);
});

test('an answer that comes late ends the silence, but one about what was sent ahead does not', async (t) => {
  const { python } = await startApp(t, OK);
  const { interpreter } = python;
  process.kill(python.pid, 'SIGSTOP');
  assert.equal(await interpreter.ping(20), false);
  assert(interpreter.silentMs > 0);
  process.kill(python.pid, 'SIGCONT');
  await eventually(() => interpreter.silentMs === 0);

  process.kill(python.pid, 'SIGSTOP');
  // Nobody ever answers this one.
  assert.equal(await interpreter.ask(ToControl.GONE, pair(1, 0), 20), null);
  const range = { thread: 1, after: 0, upto: 0 };
  let asked = 0;
  const once = (): boolean => asked++ === 0;
  assert.equal(await interpreter.withdraw(once, range), null);
  process.kill(python.pid, 'SIGCONT');
  // Its answer comes behind the late one.
  assert.equal(await interpreter.withdraw(() => true, range), 0);
  assert(interpreter.silentMs > 0);
});

test('stacks name every thread and where it is', async (t) => {
  const { python, freeThread } = await startApp(t, OK, { threads: 2 });
  (await freeThread()).take(new RecordingJob('/hang'));
  let text = '';
  while (!/threading\.Event\(\)\.wait/.test(text)) {
    text = await python.interpreter.stacks();
  }
  assert.match(text, /tunicorn-thread-1\n/);
  assert.match(text, /tunicorn-thread-2\n {2}idle/);
});

test('an interrupt ends a loop in Python code, tells where it was, and the thread goes on', async (t) => {
  const { python, run, freeThread } = await startApp(t, OK);
  const thread = await freeThread();
  const job = new RecordingJob('/spin');
  thread.take(job);
  let stack = '';
  while (stack === '') {
    stack = await python.interpreter.stacks();
    stack = /while True/.test(stack) ? stack : '';
  }
  const found = await thread.interrupt(job);
  assert.equal(found.case, 'interrupted');
  assert.match(found.stack, /while True: pass/);
  assert.deepEqual(job.heard, ['started']);
  assert.equal(python.threads[0], thread);
  assert.equal((await run(new RecordingJob('/after'))).text, '/after');
});

test('a thread that an interrupt does not reach is given up and a fresh one takes its place', async (t) => {
  const { python, run, freeThread } = await startApp(t, OK);
  const died: string[] = [];
  python.events = {
    ...python.events,
    died: (thread, failure) => died.push(`${thread.name} ${failure.code}`),
  };
  const thread = await freeThread();
  const job = new RecordingJob('/sleep');
  thread.take(job);
  while (!/time\.sleep/.test(await python.interpreter.stacks())) {
    // Not there yet.
  }
  const found = await thread.interrupt(job);
  assert.equal(found.case, 'native-code');
  assert.match(found.stack, /time\.sleep\(100000\)/);
  assert.deepEqual(died, ['thread 1 stuck']);
  assert.equal(thread.state, 'stuck');
  assert.equal(python.stuckThreads, 1);
  assert.equal(python.threads[0]?.name, 'thread 2');
  assert.equal((await run(new RecordingJob('/fresh'))).text, '/fresh');
});

test('a request that holds the interpreter lock has its stack told all the same', async (t) => {
  const { python, freeThread } = await startApp(t, OK);
  const thread = await freeThread();
  const job = new RecordingJob('/native');
  thread.take(job);
  while (await python.interpreter.ping(200)) {
    // The native call has not begun yet.
  }
  const heard: string[] = [];
  python.onUnresponsive = () => heard.push('unresponsive');
  python.onHeld = () => heard.push('held');
  const found = await thread.interrupt(job);
  assert.equal(found.case, 'interpreter-held');
  assert.match(found.stack, /app\.py", line 18 in app/);
  assert.deepEqual(heard, ['unresponsive', 'held']);
  assert.equal(thread.room, 0);
});

test('what was given to a thread that never began it is handed back when the process dies, but for what is like the one that held the lock, and what had begun fails', async (t) => {
  const { python, freeThread } = await startApp(t, OK, { threads: 3 });
  const handedBack: Job[] = [];
  python.events = { ...python.events, handedBack: (_thread, jobs) => handedBack.push(...jobs) };
  const holding = new RecordingJob('/native');
  (await freeThread()).take(holding);
  while (await python.interpreter.ping(200)) {
    // The native call has not begun yet.
  }
  // Nobody doubts the process as long as nothing has been asked in vain.
  const behind = new RecordingJob('/behind');
  const other = python.threads.find((thread) => thread.load === 0);
  other?.take(behind);
  assert.deepEqual(behind.heard, ['started'], 'an idle thread is taken to begin at once');
  const alike = new RecordingJob('/native?again');
  python.threads.find((thread) => thread.load === 0)?.take(alike);
  // Silent for so long that the lock must be held.
  while (python.holder() !== holding) await python.interpreter.ping(300);
  await python.stop(false);
  assert.deepEqual(
    alike.failures.map(({ status, code }) => [status, code]),
    [[502, 'held-behind']],
    'it would hold the next interpreter',
  );
  assert.equal(alike.over, 1);
  assert.deepEqual(handedBack, [behind]);
  assert.equal(behind.over, 0, 'its body is still needed');
  assert.equal(holding.failures[0]?.status, 502);
});

test('when the last spare is used up the process says so', async (t) => {
  const { python, freeThread } = await startApp(t, OK, { spareThreads: 0 });
  let exhausted = 0;
  python.onExhausted = () => {
    exhausted += 1;
  };
  const thread = await freeThread();
  const job = new RecordingJob('/sleep');
  thread.take(job);
  while (!/time\.sleep/.test(await python.interpreter.stacks())) {
    // Not there yet.
  }
  await thread.interrupt(job);
  assert.equal(exhausted, 1);
  assert.deepEqual([...python.threads], []);
});
