// Datagrams to a unix socket: whole, in order, never waiting; what is lost is counted, told once, and told again when it
// is over. The receivers are real sockets, held by Python.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { UnixDatagrams } from '../../../src/observe/unix-datagram.ts';
import { eventually } from '../../support/eventually.ts';
import { Program } from '../../support/program.ts';

const PYTHON = '/usr/bin/python3';

/** Prints what it receives, a line of repr for each; says "bound" first. */
const RECEIVER = `
import socket, sys
kind, path = sys.argv[1], sys.argv[2]
path = "\\0" + path[1:] if path.startswith("@") else path
inbox = socket.socket(socket.AF_UNIX, getattr(socket, kind))
inbox.bind(path)
if kind == "SOCK_STREAM":
    inbox.listen(5)
print("bound", flush=True)
if kind == "SOCK_STREAM":
    inbox = inbox.accept()[0]
while True:
    print(repr(inbox.recv(100000)), flush=True)
`;

function receive(t: TestContext, kind: 'SOCK_DGRAM' | 'SOCK_STREAM', path: string): Program {
  return new Program(t, { command: PYTHON, args: ['-c', RECEIVER, kind, path] });
}

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
    const receiver = receive(t, 'SOCK_DGRAM', path);
    await receiver.line(/bound/);
    const sender = open(t, path);
    sender.send('READY=1');
    sender.send('two\nlines, ü');
    await receiver.line(/b'READY=1'\nb'two\\nlines, \\xc3\\xbc'\n/);
    assert.equal(sender.losses.lost, 0);
  });
}

test('a stream socket gets them one after the other', async (t) => {
  const path = join(folder(t), 'socket');
  const receiver = receive(t, 'SOCK_STREAM', path);
  await receiver.line(/bound/);
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
  const receiver = receive(t, 'SOCK_DGRAM', path);
  await receiver.line(/bound/);
  sender.send('4');
  await receiver.line(/b'4'/);
  await eventually(() => told.length === 2, 'the end to be told');
  assert.match(told[0] ?? '', /^Cannot send to the unix socket .*: nobody receives there/);
  assert.match(told[1] ?? '', /: that is over; 3 lost$/);
});

test('a receiver that stands still costs datagrams, never the sender', async (t) => {
  const path = join(folder(t), 'socket');
  const receiver = receive(t, 'SOCK_DGRAM', path);
  await receiver.line(/bound/);
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
