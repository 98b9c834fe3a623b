// Where spans go, and which share of requests has one: what is understood, and what is refused with a reason.

import assert from 'node:assert/strict';
import test from 'node:test';
import { OtlpError, parseShare, tracesUrl } from '../../../src/settings/otlp.ts';

test('the path of traces is added to an endpoint that does not end with it', () => {
  const urls = [
    ['http://127.0.0.1:4318', 'http://127.0.0.1:4318/v1/traces'],
    ['https://otlp.example/base/', 'https://otlp.example/base/v1/traces'],
    ['https://otlp.example/v1/traces', 'https://otlp.example/v1/traces'],
  ] as const;
  for (const [written, url] of urls) assert.equal(tracesUrl(written).href, url);
});

test('an endpoint that is none says why, and a password is no part of it', () => {
  const wrong = [
    ['localhost:4317', /HTTP/],
    ['grpc://localhost:4317', /4318/],
    ['4318', /no URL/],
    ['http://user:secret@there', /OTEL_EXPORTER_OTLP_HEADERS/],
    ['http://there/?key=1', /query/],
  ] as const;
  for (const [written, why] of wrong) {
    assert.throws(
      () => tracesUrl(written),
      (error: unknown) => error instanceof OtlpError && why.test(error.message),
      written,
    );
  }
});

test('a share is a number from 0 to 1, or a percentage', () => {
  const shares = ['0', '1', '0.1', '.5', '10%', ' 2.5 % ', '100%'].map(parseShare);
  assert.deepEqual(shares, [0, 1, 0.1, 0.5, 0.1, 0.025, 1]);
  for (const wrong of ['', '2', '101%', '-1', '1e-3', '0,1', 'all']) {
    assert.equal(parseShare(wrong), null, wrong);
  }
});
