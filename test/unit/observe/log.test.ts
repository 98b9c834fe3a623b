// The error log: Gunicorn's line format or JSON, levels, rotation, and that nothing is lost when the process ends.

import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { createLog, type Log } from '../../../src/observe/log.ts';
import type { LogLevel } from '../../../src/observe/log-facts.ts';
import { LogFileError } from '../../../src/observe/log-file.ts';

interface Opened {
  readonly log: Log;
  readonly path: string;
  written(): string;
}

function open(t: TestContext, level: LogLevel, json = false): Opened {
  const directory = fs.mkdtempSync(join(tmpdir(), 'tunicorn-log-test-'));
  const path = join(directory, 'error.log');
  const log = createLog({ level, destination: path, json });
  t.after(() => {
    log.close();
    fs.rmSync(directory, { recursive: true });
  });
  const written = () => {
    log.flush();
    return fs.readFileSync(path, 'utf8');
  };
  return { log, path, written };
}

const stamp = String.raw`\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d [+-]\d{4}\] \[${process.pid}\]`;

test('text lines have the format of Gunicorn and their order', (t) => {
  const { log, written } = open(t, 'debug');
  log.debug('one');
  log.info('two 100%s %d');
  log.warning('three');
  log.error('four');
  log.critical('five');
  const expected = [
    'DEBUG\\] one',
    'INFO\\] two 100%s %d',
    'WARNING\\] three',
    'ERROR\\] four',
    'CRITICAL\\] five',
  ];
  assert.match(
    written(),
    new RegExp(`^${expected.map((rest) => `${stamp} \\[${rest}\n`).join('')}$`),
  );
});

test('a line of a message that would pass for a record is moved in, and what speaks to a terminal is written out', (t) => {
  const { log, written } = open(t, 'info');
  log.error(
    'Error: /x\n[2026-11-28 17:00:00 +0000] [1] [INFO] forged\r\x1b[2J\n  at app.js:1\n[a list]',
  );
  assert.match(
    written(),
    new RegExp(
      String.raw`^${stamp} \[ERROR\] Error: /x\n \[2026-11-28 17:00:00 \+0000\] \[1\] \[INFO\] forged\\x0d\\x1b\[2J\n  at app\.js:1\n\[a list\]\n$`,
    ),
  );
});

test('lines below the level are not written, and writes() says so', (t) => {
  const { log, written } = open(t, 'warning');
  log.debug('hidden');
  log.info('hidden');
  log.warning('shown');
  assert.match(written(), new RegExp(`^${stamp} \\[WARNING\\] shown\n$`));
  assert.equal(log.writes('info'), false);
  assert.equal(log.writes('warning'), true);
});

test('a critical line is in the file when the call returns', (t) => {
  const { log, path } = open(t, 'info');
  log.info('before');
  log.critical('now');
  assert.match(fs.readFileSync(path, 'utf8'), /before\n.*now\n$/);
});

test('a traceback stays in its lines, a code stands behind the first', (t) => {
  const { log, written } = open(t, 'info');
  log.error('App failed to load.\nTraceback (most recent call last):\n\tFile "x"\n', {
    code: 'app-load',
  });
  log.child({ code: 'from-child', thread: 'thread 2' }).warning('slow');
  assert.match(
    written(),
    /\[ERROR\] App failed to load\. \(app-load\)\nTraceback \(most recent call last\):\n\tFile "x"\n.*\[WARNING\] slow \(from-child\)\n$/,
  );
});

test('control characters in a message do not reach the terminal', (t) => {
  const { log, written } = open(t, 'info');
  log.info('a\x1b[31m\r\x00\x9b"b\\');
  assert.match(written(), /\] a\\x1b\[31m\\x0d\\x00\\x9b"b\\\n$/);
});

test("JSON lines carry level, pid, time, message and every fact, the child's too", (t) => {
  const { log, written } = open(t, 'info', true);
  log.child({ thread: 'thread 2', code: 'a' }).error('bad\nthing', { code: 'b', age: 1.5 });
  const { time, ...rest } = JSON.parse(written()) as { time: string };
  assert.equal(new Date(time).toISOString(), time);
  assert.deepEqual(rest, {
    level: 'error',
    pid: process.pid,
    thread: 'thread 2',
    code: 'b',
    age: 1.5,
    message: 'bad\nthing',
  });
});

test('after a rotation lines go to the new file', (t) => {
  const { log, path, written } = open(t, 'info');
  log.info('old');
  fs.renameSync(path, `${path}.1`);
  log.reopen();
  log.info('new');
  assert.match(written(), /^[^\n]*\] new\n$/);
});

test('a rotation whose file cannot be opened goes on with the old one', (t) => {
  const { log, path, written } = open(t, 'info');
  fs.renameSync(path, `${path}.1`);
  fs.mkdirSync(path);
  log.reopen();
  log.info('still here');
  log.flush();
  assert.match(fs.readFileSync(`${path}.1`, 'utf8'), /still here\n$/);
  fs.rmdirSync(path);
  log.reopen();
  log.info('again');
  assert.match(written(), /again\n$/);
});

test('a file that cannot be opened is a clear error at the start', () => {
  assert.throws(
    () => createLog({ level: 'info', destination: '/not/there/e.log', json: false }),
    (error) => error instanceof LogFileError && error.message.includes('/not/there/e.log'),
  );
});

const accessModule = new URL('../../../src/observe/access-log.js', import.meta.url).href;
const logModule = new URL('../../../src/observe/log.js', import.meta.url).href;

for (const [ending, code] of [
  ['process.exit(4)', 4],
  ['setImmediate(() => process.exit(4))', 4],
  ['throw new Error("uncaught")', 1],
  ['', 0],
] as const) {
  test(`nothing is lost, and standard error is the place for "-", when a process ends by "${ending}"`, () => {
    const program = `
      import { createLog } from ${JSON.stringify(logModule)};
      const log = createLog({ level: 'info', destination: '-', json: false });
      for (let n = 1; n <= 500; n++) log.info('line ' + n);
      ${ending}`;
    const run = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
      encoding: 'utf8',
    });
    assert.equal(run.status, code);
    assert.equal(run.stdout, '');
    const lines = [...run.stderr.matchAll(/\[INFO\] line (\d+)\n/g)].map((found) =>
      Number(found[1]),
    );
    assert.deepEqual(
      lines,
      Array.from({ length: 500 }, (_, index) => index + 1),
    );
  });
}

test('a destination that takes nothing costs counted lines and never the loop', async (t) => {
  const program = `
    import { createAccessLog } from ${JSON.stringify(accessModule)};
    const log = createAccessLog({ destination: '-', format: '%(m)s', json: false });
    log.onTrouble = (message) => process.stderr.write(message + '\\n');
    log.onRecovered = (message) => process.stderr.write(message + '\\n');
    const record = { head: { method: 'x'.repeat(99_999), fields: [] } };
    for (let n = 0; n < 1000; n++) log.write(record);
    setTimeout(() => process.stderr.write('the loop turns, ' + log.dropped + ' dropped\\n'), 1);`;
  // Nobody reads its standard output: the pipe is full after 64 KiB or some.
  const stuck = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  t.after(() => stuck.kill('SIGKILL'));
  let told = '';
  stuck.stderr.setEncoding('utf8');
  while (!told.includes('dropped')) told += String((await once(stuck.stderr, 'data'))[0]);
  assert.match(told, /^Cannot write the log on a standard stream: it takes no more lines/);
  const dropped = Number(/(\d+) dropped/.exec(told)?.[1]);
  // 1000 lines of 100 kB, of which 16 MiB may wait.
  assert.ok(dropped > 800 && dropped < 900, `${dropped} dropped`);
  stuck.stdout.resume();
  while (!told.includes('again')) told += String((await once(stuck.stderr, 'data'))[0]);
  assert.match(told, new RegExp(`can be written again; ${dropped} lines were lost`));
});

for (const [what, ending] of [
  ['goes on', "setTimeout(() => process.stdout.write('the loop turns'), 20)"],
  ['ends', "process.stdout.write('the loop turns'); setImmediate(() => process.exit(0))"],
] as const) {
  test(`a pipe that is full holds up a process that ${what} for no longer than a flush waits`, (t) => {
    const folder = fs.mkdtempSync(join(tmpdir(), 'tunicorn-log-test-'));
    t.after(() => fs.rmSync(folder, { recursive: true }));
    const pipe = join(folder, 'pipe');
    assert.equal(spawnSync('mkfifo', [pipe]).status, 0);
    // Ours reads nothing, as long as we wait for the process.
    const reader = fs.openSync(pipe, fs.constants.O_RDONLY | fs.constants.O_NONBLOCK);
    const program = `
      import { createLog } from ${JSON.stringify(logModule)};
      const log = createLog({ destination: ${JSON.stringify(pipe)}, level: 'info', json: false });
      for (let n = 0; n < 200; n++) log.info('x'.repeat(1000));
      log.critical('flushed');
      ${ending};
      setTimeout(() => process.exit(0), 40);`;
    const run = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
      encoding: 'utf8',
      timeout: 20_000,
      killSignal: 'SIGKILL',
    });
    fs.closeSync(reader);
    assert.deepEqual(
      [run.status, run.signal, run.stdout, run.stderr],
      [0, null, 'the loop turns', ''],
    );
  });
}

test('an error log on a full disk never ends or holds its process', () => {
  const program = `
    import { createLog } from ${JSON.stringify(logModule)};
    const log = createLog({ destination: '/dev/full', level: 'info', json: false });
    for (let n = 0; n < 1000; n++) log.info('x'.repeat(1000));
    log.critical('flushed');
    setTimeout(() => process.stdout.write('the loop turns'), 20);`;
  const run = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
    encoding: 'utf8',
  });
  assert.deepEqual([run.status, run.stdout, run.stderr], [0, 'the loop turns', '']);
});
