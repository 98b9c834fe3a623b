// Spans on their way out of the loop, with a thread and a clock of the test: bounded, counted whatever becomes of them, and begun anew
// when their thread has died.

import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import test from 'node:test';
import type { LoggedExchange } from '../../../src/connection/effects.ts';
import type { Log } from '../../../src/observe/log.ts';
import type { FromSpanThread, ToSpanThread } from '../../../src/wire/spans.ts';
import { recordsOf } from '../../../src/wire/spans.ts';
import { Spans, type SpanThread } from '../../../src/worker/telemetry/spans.ts';
import { WallOffset } from '../../../src/worker/telemetry/wall-offset.ts';
import { requestHead } from '../../support/request-head.ts';

class Thread extends EventEmitter implements SpanThread {
  readonly told: ToSpanThread[] = [];

  postMessage(message: ToSpanThread): void {
    this.told.push(message);
  }

  say(message: FromSpanThread): void {
    this.emit('message', message);
  }

  get spans(): number {
    return this.told.reduce((sum, one) => sum + ('spans' in one ? one.spans.count : 0), 0);
  }
}

class Scene {
  nowMs = 0;
  readonly threads: Thread[] = [];
  readonly lines: string[] = [];
  readonly spans: Spans;

  constructor() {
    const log = { warning: (line: string) => this.lines.push(line) } as unknown as Log;
    this.spans = new Spans({
      endpoint: 'http://there',
      log,
      now: () => this.nowMs,
      wallNow: () => Math.floor(this.nowMs) + 1_700_000_000_000,
      start: () => {
        const thread = new Thread();
        this.threads.push(thread);
        return thread;
      },
    });
  }

  get thread(): Thread {
    return this.threads.at(-1) as Thread;
  }

  add(count: number): void {
    for (let n = 0; n < count; n++) this.spans.add(EXCHANGE);
  }

  after(ms: number): void {
    this.nowMs += ms;
    this.spans.tick(this.nowMs);
  }
}

const EXCHANGE = {
  trace: { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), parentId: null, state: '' },
  phases: {
    ...{ firstByte: 1, head: 2, body: 2, submitted: 3 },
    ...{ started: 4, responding: 5, answered: 6, ended: Number.NaN },
  },
  peer: { address: '192.0.2.1', port: 1, serverName: '127.0.0.1', serverPort: 80, scheme: 'http' },
  head: requestHead(`/${'é'.repeat(2000)}`, {
    method: 'M'.repeat(2000),
    host: 'h'.repeat(2000),
    fields: ['User-Agent', 'me'],
  }),
  ...{ beganMs: 2, status: '200 OK', bodyBytes: 7, endCode: '--', failureCode: '' },
  threadName: 'thread 1',
} as unknown as LoggedExchange;

test('spans leave together after half a second, or as soon as there are 512, and come over as they were', () => {
  const scene = new Scene();
  scene.add(1);
  scene.after(499);
  assert.equal(scene.thread.spans, 0);
  scene.after(1);
  assert.equal(scene.thread.spans, 1);
  scene.add(512);
  assert.equal(scene.thread.spans, 513);
  const [first] = scene.thread.told;
  assert.ok(first !== undefined && 'spans' in first);
  const [record] = recordsOf(first.spans);
  assert.equal(record?.path, `/${'é'.repeat(1023)}`);
  assert.deepEqual([record.method.length, record.host.length], [1024, 255]);
  const { traceId, parentId, agent, status, submitted, ended } = record;
  assert.deepEqual(
    [traceId, parentId, agent, status, submitted, ended],
    ['a'.repeat(32), '', 'me', 200, 3, 0],
  );
});

test('a thread that tells nothing is given 8192 and no more; the rest is counted and said once in a while', () => {
  const scene = new Scene();
  scene.add(10_000);
  scene.after(1000);
  assert.equal(scene.thread.spans, 8192);
  assert.equal(scene.spans.dropped, 10_000 - 8192);
  assert.match(scene.lines[0] ?? '', /1808 were dropped, 1808 since the start: 8192 wait/);
  scene.add(1);
  scene.after(1000);
  assert.equal(scene.lines.length, 1);
  scene.thread.say({ sent: 500, lost: 12, why: 'HTTP 503' });
  scene.add(600);
  scene.after(10_000);
  assert.equal(scene.thread.spans, 8192 + 512);
  assert.equal(scene.spans.exported, 500);
  assert.equal(scene.spans.dropped, 1808 + 1 + 12 + 88);
  assert.equal(scene.lines.length, 2);
});

test('what a thread has that dies is lost, and another one is started a while later', () => {
  const scene = new Scene();
  scene.add(512);
  scene.thread.emit('error', new Error('out of memory'));
  scene.thread.emit('exit');
  assert.equal(scene.spans.dropped, 512);
  scene.add(1);
  scene.after(600);
  assert.equal(scene.spans.dropped, 513, 'nobody is there');
  assert.equal(scene.threads.length, 1);
  scene.after(5000);
  assert.equal(scene.threads.length, 2);
  scene.add(512);
  assert.equal(scene.thread.spans, 512);
});

test('at the end what there is is sent, and waited for until it was', async () => {
  const scene = new Scene();
  scene.add(3);
  const flushed = scene.spans.flush();
  assert.deepEqual(
    scene.thread.told.map((one) => Object.keys(one)[0]),
    ['spans', 'flush'],
  );
  scene.thread.say({ sent: 2, lost: 0, why: '' });
  scene.thread.say({ flushed: true });
  await flushed;
  assert.deepEqual([scene.spans.exported, scene.spans.dropped], [2, 1]);
});

test('the wall clock is known to a fraction of the millisecond that it shows', () => {
  const offset = new WallOffset();
  const truth = 1_700_000_000_000.4;
  for (let ms = 0; ms < 100; ms += 0.37) offset.look(ms, Math.floor(truth + ms), ms);
  assert.ok(Math.abs(offset.epochMs - truth) < 0.05, String(offset.epochMs - truth));
  // It was set back by an hour.
  offset.look(100, Math.floor(truth + 100) - 3_600_000, 100);
  assert.ok(Math.abs(offset.epochMs - truth + 3_600_000) < 1);
});
