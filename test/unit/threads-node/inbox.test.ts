// What a Node.js thread says is not believed: whatever comes over its port, a job hears at most one response, in order,
// and anything that makes no sense is a WireBroken. Tried on purpose, and seen to fail: no check that a head comes once;
// none that bytes are bytes; a response to a request that was answered already.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { HostExchange } from '../../../src/threads/node/host/exchange.ts';
import { readBatch } from '../../../src/threads/node/host/inbox.ts';
import { WireBroken } from '../../../src/threads/node/host/wire-broken.ts';
import { ToHost } from '../../../src/wire/node-thread.ts';
import { FakeJob } from './fake-job.ts';

const TICKET = 7;
const wire = {
  body: () => {},
  bodyEnd: () => {},
  bodyFailed: () => {},
  credit: () => {},
  begunMs: () => 0,
  answered: () => {},
  upgraded: () => {},
  over: () => {},
};
const news = {
  booted: () => {},
  debuggable: () => {},
  bootFailed: () => {},
  interrupted: () => {},
  stopped: () => {},
  chdir: () => {},
  rest: () => {},
  log: () => {},
};

/** A job that has been given to the thread; `read` gives it a message of the thread. */
function given(): { job: FakeJob; read: (batch: unknown) => void } {
  const job = new FakeJob('/');
  const exchanges = new Map([[TICKET, new HostExchange(job, TICKET, wire)]]);
  return { job, read: (batch) => readBatch(batch, exchanges, news) };
}

const head = [TICKET, '200 OK', 'A: b\r\n', 1] as const;

for (const [what, batch] of [
  ['no list', 'garbage'],
  ['nothing', undefined],
  ['an unknown operation', [99, TICKET]],
  ['an operation that is no number', ['whole', TICKET]],
  ['a head without its text', [ToHost.head, TICKET, 200, null, 1]],
  ['a response that ends too soon', [ToHost.whole, TICKET, '200 OK']],
  ['bytes that are none', [ToHost.whole, ...head, { length: 5 }]],
  ['a body before its head', [ToHost.piece, TICKET, 'x']],
  ['an end before its head', [ToHost.end, TICKET, '']],
  ['two heads', [ToHost.head, ...head, ToHost.head, ...head]],
  ['an interim response after the head', [ToHost.head, ...head, ToHost.interim, TICKET, '103', '']],
  ['a failure with the status of a success', [ToHost.failed, TICKET, 200, 'x', 'y']],
  ['less than nothing', [ToHost.bodyCredit, TICKET, -1]],
] as const) {
  test(`${what} breaks the wire and makes no response`, () => {
    const { job, read } = given();
    assert.throws(() => read(batch), WireBroken);
    assert.equal(job.ending, null);
  });
}

test('what comes after the response is dropped', () => {
  const { job, read } = given();
  const whole = [ToHost.whole, ...head, 'body'];
  read([
    ...whole,
    ...whole,
    ToHost.head,
    ...head,
    ToHost.piece,
    TICKET,
    'x',
    ToHost.end,
    TICKET,
    '',
  ]);
  assert.deepEqual(job.log, ['started', 'whole']);
  assert.equal(job.text, 'body');
});

const item = fc.oneof(
  fc.constantFrom<unknown>(TICKET, 8, 0, -1, 1, 502, 2 ** 40, NaN, '', '200 OK', 'A: b\r\n', null),
  fc.constantFrom<unknown>(undefined, {}, [], new ArrayBuffer(3), true),
);
/** Of those about a request: how many items follow its ticket. */
const COUNTS: ReadonlyMap<number, number> = new Map<number, number>([
  [ToHost.whole, 4],
  [ToHost.head, 3],
  [ToHost.piece, 1],
  [ToHost.end, 1],
  [ToHost.failed, 3],
  [ToHost.interim, 2],
  [ToHost.extend, 1],
  [ToHost.bodyCredit, 1],
]);
const operation = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...COUNTS.keys()).chain(withItems) },
  { weight: 3, arbitrary: fc.constantFrom(...Object.values(ToHost)).chain(withItems) },
  { weight: 1, arbitrary: fc.array(item, { maxLength: 6 }) },
);

/** The right number of items, mostly of the right kinds. */
function withItems(code: number): fc.Arbitrary<unknown[]> {
  const items = fc.tuple(
    fc.constantFrom<unknown>('200 OK', 'x', 3, 502, ''),
    fc.constantFrom<unknown>('A: b\r\n', 'code', ''),
    fc.constantFrom<unknown>(1, 'detail'),
    fc.constantFrom<unknown>('body', new ArrayBuffer(3), 1),
  );
  return items.map((each) => [code, TICKET, ...each.slice(0, COUNTS.get(code) ?? 0)]);
}

test('whatever comes, a job hears one response at most and in order, or the wire is broken', () => {
  let broken = 0;
  let answered = 0;
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 8 }), (operations) => {
      const { job, read } = given();
      try {
        for (const each of operations) read(each);
      } catch (error) {
        // FakeJob throws other errors when it hears what the interface forbids.
        if (!(error instanceof WireBroken)) throw error;
        broken += 1;
      }
      if (job.ending === 'whole' || job.ending === 'end') answered += 1;
      const responses = job.log.filter((word) => word === 'head' || word === 'whole');
      assert.ok(responses.length <= 1, job.log.join(' '));
      const firstPiece = job.log.indexOf('piece');
      assert.ok(firstPiece < 0 || job.log.slice(0, firstPiece).includes('head'), job.log.join(' '));
    }),
    { numRuns: 5_000 },
  );
  assert.ok(broken > 100 && answered > 100, `${broken} broken, ${answered} answered`);
});
