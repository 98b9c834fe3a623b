// Datagrams to a unix socket: whole, in order, never waiting; what is lost is counted, told once, and told again when it
// is over. The receivers are real sockets, held by Python.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { UnixDatagrams } from '../../../src/observe/unix-datagram.ts';
import { receiveUnix } from '../../support/datagrams.ts';
import { eventually } from '../../support/eventually.ts';

const PYTHON = '/usr/bin/python3';

function folder(t: TestContext): string {
  const made = fs.mkdtempSync(join(tmpdir(), 'tunicorn-datagram-'));
  t.after(() => fs.rmSync(made, { recursive: true }));
  return made;
}

function open(t: TestContext, path: string, python = PYTHON): UnixDatagrams {
  const sender = new UnixDatagrams(path, python);
  t.after(() => sender.close());
  return sender;
}

for (const [what, name] of [
  ['a path', (t: TestContext) => join(folder(t), 'socket')],
  ['an abstract name', () => `@tunicorn-test-${process.pid}`],
] as const) {
  test(`each datagram arrives whole and in order at ${what}`, async (t) => {
    const path = name(t);
    const receiver = await receiveUnix(t, path);
    const sender = open(t, path);
    sender.send('READY=1');
    sender.send('two\nlines, ü');
    await receiver.line(/b'READY=1'\nb'two\\nlines, \\xc3\\xbc'\n/);
    assert.equal(sender.losses.lost, 0);
  });
}

test('a stream socket gets them one after the other', async (t) => {
  const path = join(folder(t), 'socket');
  const receiver = await receiveUnix(t, path, 'SOCK_STREAM');
  open(t, path).send('<14>one\0');
  await receiver.line(/b'<14>one\\x00'/);
});

test('what nobody receives is counted and told once, and its end with the number', async (t) => {
  const path = join(folder(t), 'socket');
  const sender = open(t, path);
  const told: string[] = [];
  sender.losses.onTrouble = (message) => told.push(message);
  sender.losses.onRecovered = (message) => told.push(message);
  for (const text of ['1', '2', '3']) sender.send(text);
  await eventually(() => sender.losses.lost === 3, 'three to be lost');
  const receiver = await receiveUnix(t, path);
  sender.send('4');
  await receiver.line(/b'4'/);
  await eventually(() => told.length === 2, 'the end to be told');
  assert.match(told[0] ?? '', /^Cannot send to the unix socket .*: nobody receives there/);
  assert.match(told[1] ?? '', /: that is over; 3 lost$/);
});

test('a receiver that stands still costs datagrams, never the sender', async (t) => {
  const path = join(folder(t), 'socket');
  const receiver = await receiveUnix(t, path);
  process.kill(receiver.pid, 'SIGSTOP');
  const sender = open(t, path);
  const text = 'x'.repeat(10_000);
  for (let n = 0; n < 1000; n++) sender.send(text);
  await eventually(() => sender.losses.lost > 800, 'most to be lost');
  process.kill(receiver.pid, 'SIGCONT');
  await eventually(() => {
    sender.send('again');
    return /b'again'/.test(receiver.log());
  }, 'datagrams to arrive again');
});

test('a Python that is not there is told, and ends nothing', async (t) => {
  const sender = open(t, join(folder(t), 'socket'), '/not/there/python');
  const told: string[] = [];
  sender.losses.onTrouble = (message) => told.push(message);
  sender.send('1');
  await eventually(() => told.length === 1, 'the trouble to be told');
  assert.match(told[0] ?? '', /ENOENT/);
  sender.send('2');
  assert.equal(sender.losses.lost, 1);
});
