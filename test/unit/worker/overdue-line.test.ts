// The log line about an overdue request: everything that people look for is in it, and nothing that a client sent can
// forge a line.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { OverdueReport } from '../../../src/dispatch/overdue.ts';
import type { Job } from '../../../src/threads/app-thread.ts';
import { overdueLine } from '../../../src/worker/telemetry/overdue-line.ts';

function report(target: string, more: Partial<OverdueReport> = {}): OverdueReport {
  const job = {
    head: { method: 'GET', target, minorVersion: 1, fields: [] },
    peer: {
      address: '192.0.2.7',
      port: 50123,
      serverName: 'x',
      serverPort: 80,
      scheme: 'http',
    },
  } as unknown as Job;
  return {
    job,
    setting: 'timeout',
    byOperator: false,
    ageMs: 2110,
    ranMs: 2100,
    extendedMs: 0,
    thread: 'thread 3',
    case: 'interrupted',
    stack: '  File "app.py", line 3, in build\n    while True: pass\n',
    ...more,
  };
}

test('the line tells who asked for what, for how long it ran and where, and the facts tell it one by one', () => {
  const line = overdueLine(report('/report?token=secret'), 2);
  assert.equal(
    line.message,
    'GET /report from 192.0.2.7:50123 ran for 2.1 s on thread 3 (timeout 2 s) and was answered 504: ' +
      'its own code ran and was interrupted; the thread goes on.\n' +
      '  File "app.py", line 3, in build\n    while True: pass',
  );
  assert.deepEqual(line.facts, {
    code: 'overdue',
    method: 'GET',
    path: '/report',
    client: '192.0.2.7:50123',
    thread: 'thread 3',
    case: 'interrupted',
    age: 2.1,
    ran: 2.1,
    stack: '  File "app.py", line 3, in build\n    while True: pass\n',
  });
});

test('time in the queue is told apart from the time that the application had', () => {
  const { message } = overdueLine(report('/', { ageMs: 7400, stack: '' }), 2);
  assert.match(message, /ran for 2\.1 s after 5\.3 s in the queue on thread 3/);
  assert.ok(message.endsWith('the thread goes on.'));
});

test('an extension that was granted is told', () => {
  const line = overdueLine(report('/', { extendedMs: 5000, ranMs: 5100 }), 2);
  assert.match(line.message, /ran for 5\.1 s on thread 3 \(timeout 2 s, extended to 5\.0 s\)/);
  assert.equal(line.facts['extended'], 5);
});

test('a response that was cut is not said to have been answered', () => {
  const line = overdueLine(report('/', { setting: 'stream_timeout' }), 300);
  assert.match(line.message, /\(stream_timeout 300 s\) and was cut off: /);
  assert.equal(line.facts['code'], 'stream-overdue');
});

test('what a client sent ends no line and speaks to no terminal', () => {
  const line = overdueLine(report('/a\n[ERROR] forged\x1b[2J"\xff'), 2);
  assert.ok(line.message.startsWith('GET /a\\x0a[ERROR] forged\\x1b[2J\\"\\xff from '));
  assert.equal(line.facts['path'], '/a\\x0a[ERROR] forged\\x1b[2J\\"\\xff');
});

test('what an operator interrupted is no timeout', () => {
  const { message, facts } = overdueLine(report('/', { byOperator: true, stack: '' }), 2);
  assert.equal(
    message,
    'GET / from 192.0.2.7:50123 was interrupted by an operator after 2.1 s on thread 3 (ctl interrupt) and was answered 504: ' +
      'its own code ran and was interrupted; the thread goes on.',
  );
  assert.equal(facts['code'], 'operator-interrupt');
});
