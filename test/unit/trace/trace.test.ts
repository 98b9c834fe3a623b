// Which trace a request belongs to: the forms of Trace Context (W3C, level 1 and what level 2 adds), what is sampled, and that whatever
// a client sends makes neither an exception nor an id that means nothing. Seen to fail: `ff`, and a share that is compared the wrong way.

import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { parsedParent, Tracing, withoutField } from '../../../src/trace/trace.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const SPAN = 'b7ad6b7169203331';
const NONE = '0'.repeat(32);

const FORMS: readonly (readonly [value: string, flags: number | null])[] = [
  [`00-${TRACE}-${SPAN}-01`, 1],
  [`00-${TRACE}-${SPAN}-00`, 0],
  // Flags that nobody knows yet.
  [`00-${TRACE}-${SPAN}-ff`, 0xff],
  // A later version, as it is and with more.
  [`cc-${TRACE}-${SPAN}-01`, 1],
  [`cc-${TRACE}-${SPAN}-01-what-will-be`, 1],
  [`cc-${TRACE}-${SPAN}-01.what-will-be`, null],
  [`00-${TRACE}-${SPAN}-01-what-is-not`, null],
  [`ff-${TRACE}-${SPAN}-01`, null],
  [`00-${NONE}-${SPAN}-01`, null],
  [`00-${TRACE}-${NONE.slice(16)}-01`, null],
  [`00-${TRACE.toUpperCase()}-${SPAN}-01`, null],
  [`00-${TRACE}-${SPAN}-1`, null],
  [`00-${TRACE}-${SPAN}`, null],
  [`0-${TRACE}-${SPAN}-01`, null],
  [` 00-${TRACE}-${SPAN}-01`, null],
  ['', null],
];

test('a traceparent is read as the recommendation says, or not at all', () => {
  for (const [value, flags] of FORMS) {
    const expected = flags === null ? null : { traceId: TRACE, spanId: SPAN, flags };
    assert.deepEqual(parsedParent(value), expected, value);
  }
});

test('a trace goes on with its id and its state, and what is random of it stays so', () => {
  const tracing = new Tracing({ share: 0, followsParents: true });
  const state = ['TraceState', 'a=1', 'x', 'y', 'tracestate', 'b=2'];
  const trace = tracing.begin(['TraceParent', `00-${TRACE}-${SPAN}-03`, ...state]);
  const { traceId, parentId, sampled, traceparent, spanId, dropsState } = trace;
  assert.deepEqual([traceId, parentId, sampled, trace.state], [TRACE, SPAN, true, 'a=1,b=2']);
  assert.equal(traceparent, `00-${TRACE}-${spanId}-03`);
  assert.notEqual(spanId, SPAN);
  assert.equal(dropsState, false);
  const long = tracing.begin([
    'traceparent',
    `00-${TRACE}-${SPAN}-01`,
    'tracestate',
    'a'.repeat(513),
  ]);
  assert.equal(long.state, '');
});

test('two traceparents, none, and those that are ignored begin a trace', () => {
  const parent = ['traceparent', `00-${TRACE}-${SPAN}-01`];
  const follow = new Tracing({ share: 1, followsParents: true });
  const ignore = new Tracing({ share: 1, followsParents: false });
  const begun = [
    follow.begin([...parent, ...parent, 'tracestate', 'a=1']),
    follow.begin(['tracestate', 'a=1']),
    ignore.begin([...parent, 'tracestate', 'a=1']),
  ];
  for (const { traceId, parentId, sampled, dropsState, state } of begun) {
    assert.notEqual(traceId, TRACE);
    assert.deepEqual([parentId, sampled, dropsState, state], [null, true, true, '']);
  }
  assert.deepEqual(withoutField(['a', '1', 'TraceState', 'x', 'b', '2'], 'tracestate'), [
    'a',
    '1',
    'b',
    '2',
  ]);
});

test('as many are sampled as should be, each by its own id', () => {
  const counts = [0, 0.25, 1].map((share) => {
    const tracing = new Tracing({ share, followsParents: true });
    const traces = Array.from({ length: 4000 }, () => tracing.begin([]));
    assert.equal(new Set(traces.map(({ traceId }) => traceId)).size, 4000);
    assert.equal(new Set(traces.map(({ spanId }) => spanId)).size, 4000);
    for (const { traceId, sampled } of traces) {
      // As OpenTelemetry's samplers: the last 56 bits against a threshold.
      assert.equal(sampled, BigInt(`0x${traceId.slice(18)}`) >= BigInt(2 ** 56 * (1 - share)));
    }
    return traces.filter(({ sampled }) => sampled).length;
  });
  assert.equal(counts[0], 0);
  assert.equal(counts[2], 4000);
  // Five standard deviations.
  assert.ok(Math.abs((counts[1] ?? 0) - 1000) < 5 * 27.4, String(counts[1]));
});

test('whatever comes, ids mean something and what the application is told can be read', () => {
  const tracing = new Tracing({ share: 0.5, followsParents: true });
  const digits = fc.stringMatching(/^[\da-fA-F-]{0,60}$/);
  const value = fc.oneof(fc.string(), digits, fc.constantFrom(...FORMS.map(([form]) => form)));
  const name = fc.constantFrom('traceparent', 'Traceparent', 'tracestate', 'traceparents', '');
  fc.assert(
    fc.property(fc.array(fc.tuple(name, value)), (pairs) => {
      const trace = tracing.begin(pairs.flat());
      assert.match(trace.traceId, /^(?!0+$)[\da-f]{32}$/);
      assert.match(trace.spanId, /^(?!0+$)[\da-f]{16}$/);
      if (trace.traceparent === null) assert.equal(trace.sampled, false);
      else {
        const { traceId, spanId } = parsedParent(trace.traceparent) ?? {};
        assert.deepEqual([traceId, spanId], [trace.traceId, trace.spanId]);
      }
    }),
  );
});
