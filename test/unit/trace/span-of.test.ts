// A request as a span: what the semantic conventions want of methods, hosts and errors.

import assert from 'node:assert/strict';
import test from 'node:test';
import * as api from '@opentelemetry/api';
import { emptyResource } from '@opentelemetry/resources';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import { spanOf } from '../../../src/trace/span-of.ts';
import type { SpanRecord } from '../../../src/wire/spans.ts';

const RECORD: SpanRecord = {
  traceId: '0af7651916cd43dd8448eb211c80319c',
  spanId: 'b7ad6b7169203331',
  parentId: '',
  state: '',
  method: 'GET',
  path: '/',
  scheme: 'http',
  host: 'shop.example',
  client: '192.0.2.1',
  peer: '10.0.0.1',
  serverName: '127.0.0.1',
  agent: '',
  endCode: '--',
  failureCode: '',
  thread: 'thread 1',
  minorVersion: 1,
  clientPort: 0,
  peerPort: 4711,
  serverPort: 8000,
  status: 200,
  bodyBytes: 5,
  begun: 1000,
  submitted: 1001,
  started: 1002.5,
  responding: 1010,
  answered: 1011,
  ended: 1012,
};

const ORIGIN = { resource: emptyResource(), scope: { name: 'tunicorn', version: '1' } };

function span(change: Partial<SpanRecord> = {}): ReadableSpan {
  return spanOf({ ...RECORD, ...change }, 1_700_000_000_000, ORIGIN, api);
}

test('times are those of wall clocks, phases last from one moment to the next that came', () => {
  const { startTime, duration, attributes } = span();
  assert.deepEqual(startTime, [1_700_000_001, 0]);
  assert.deepEqual(duration, [0, 12_000_000]);
  const phases = (made: ReadableSpan): unknown[] =>
    ['queue', 'application', 'write'].map((name) => made.attributes[`tunicorn.${name}_ms`]);
  assert.deepEqual(phases(span()), [1.5, 8.5, 1]);
  const shed = span({ started: NaN, responding: NaN, thread: '', answered: 1031, ended: 1032 });
  assert.deepEqual(phases(shed), [30, undefined, 1]);
  assert.equal(shed.attributes['tunicorn.thread'], undefined);
  assert.equal(attributes['client.port'], undefined);
  assert.deepEqual(
    shed.events.map(({ name }) => name),
    ['queued', 'answered'],
  );
});

test('a method that no standard has is no name of a span', () => {
  const { name, attributes } = span({ method: 'G3T' });
  assert.equal(name, 'HTTP');
  assert.equal(attributes['http.request.method'], '_OTHER');
  assert.equal(attributes['http.request.method_original'], 'G3T');
  assert.equal(span({ method: '' }).attributes['http.request.method_original'], undefined);
});

const HOSTS: readonly (readonly [change: Partial<SpanRecord>, address: unknown, port: unknown])[] =
  [
    [{}, 'shop.example', 80],
    [{ scheme: 'https' }, 'shop.example', 443],
    [{ host: 'shop.example:8443' }, 'shop.example', 8443],
    [{ host: '[2001:db8::1]:81' }, '2001:db8::1', 81],
    [{ host: '[2001:db8::1]' }, '2001:db8::1', 80],
    [{ host: '' }, '127.0.0.1', 8000],
    [{ host: '', serverName: '', serverPort: 0 }, undefined, undefined],
  ];

test('the server is what the client asked for, else where it came to', () => {
  for (const [change, address, port] of HOSTS) {
    const { attributes } = span(change);
    assert.deepEqual([attributes['server.address'], attributes['server.port']], [address, port]);
  }
});

const ENDS: readonly (readonly [change: Partial<SpanRecord>, error: string | undefined])[] = [
  [{}, undefined],
  [{ status: 404 }, undefined],
  [{ status: 429, endCode: 'CX', failureCode: 'rate-limited' }, undefined],
  [{ status: 500 }, '500'],
  [{ status: 504, endCode: 'aR', failureCode: 'overdue' }, 'overdue'],
  [{ status: 200, endCode: 'CW' }, 'CW'],
  [{ status: 0, endCode: 'CQ' }, 'CQ'],
];

test('an error is what the server, its application or a broken end is to blame for', () => {
  for (const [change, error] of ENDS) {
    const { attributes, status } = span(change);
    assert.equal(attributes['error.type'], error);
    assert.equal(status.code, error === undefined ? 0 : 2);
  }
});
