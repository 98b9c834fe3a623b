// Who may ask at the status address, and what the page there may do. Seen to fail: a page of another port of the same machine,
// which browsers call the same site, was answered.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { createServer, type ServerResponse } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { test } from 'node:test';
import { Access } from '../../../../src/arbiter/status/access.ts';
import { policyOf } from '../../../../src/arbiter/status/page.ts';
import { Viewer } from '../../../../src/arbiter/status/viewer.ts';
import { eventually } from '../../../support/eventually.ts';

const HERE = '127.0.0.1:8001';

test('without a token whoever names this machine may ask, and no page of another origin', () => {
  const access = new Access(null);
  const to = (headers: object): number => access.toData({ host: HERE, ...headers })?.status ?? 200;
  assert.equal(to({}), 200);
  assert.equal(to({ host: 'localhost:8001' }), 200);
  assert.equal(to({ host: '[::1]:8001' }), 200);
  assert.equal(to({ 'sec-fetch-site': 'same-origin', origin: `http://${HERE}` }), 200);
  assert.equal(to({ 'sec-fetch-site': 'none' }), 200);
  for (const site of ['cross-site', 'same-site', 'new-kind']) {
    assert.equal(to({ 'sec-fetch-site': site }), 403, site);
  }
  for (const origin of ['http://evil.example', 'null', 'http://127.0.0.1:3000', '']) {
    assert.equal(to({ origin }), 403, origin);
  }
  assert.equal(to({ host: 'evil.example' }), 403);
  assert.equal(access.toPage({ host: 'evil.example' })?.status, 403);
  assert.equal(access.toPage({ host: HERE, 'sec-fetch-site': 'cross-site' }), null);
});

test('with a token it has to be shown for everything but the page, by whatever name', () => {
  const access = new Access('s3cret');
  const to = (headers: object): number =>
    access.toData({ host: 'status.example', ...headers })?.status ?? 200;
  assert.equal(access.toPage({ host: 'status.example' }), null);
  assert.equal(to({ authorization: 'Bearer s3cret' }), 200);
  for (const authorization of [undefined, 'Bearer s3cre', 'Bearer s3cret2', 'Basic s3cret', '']) {
    assert.equal(to({ authorization }), 401, authorization);
  }
  assert.equal(to({ authorization: 'Bearer s3cret', origin: 'https://evil.example' }), 403);
  assert.equal(to({ authorization: 'Bearer s3cret', origin: 'https://status.example' }), 200);
});

test('only the scripts and styles that stand in the page may run, each by its hash', () => {
  const hash = (text: string): string =>
    `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
  const html =
    '<html><style>\r\na{}\r\n</style><script type="module" crossorigin>let a;</script><script>b()</script></html>';
  const policy = policyOf(html);
  assert.match(policy, /^default-src 'none'; /);
  assert.ok(policy.includes(`script-src ${hash('let a;')} ${hash('b()')};`), policy);
  assert.ok(policy.includes(`style-src ${hash('\na{}\n')};`), policy);
  for (const part of ["connect-src 'self'", "base-uri 'none'", "form-action 'none'"]) {
    assert.ok(policy.includes(part), part);
  }
  assert.match(policyOf(''), /script-src 'none'; style-src 'none'/);
  assert.ok(!policy.includes('unsafe'));
});

test('who does not read is sent no more than a bounded amount, is told all when it reads, and is cut when it never does', async (t) => {
  const responses: ServerResponse[] = [];
  const server = createServer((_, response) => responses.push(response.writeHead(200)));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  const client = connect(port, '127.0.0.1', () =>
    client.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n'),
  );
  client.on('error', () => undefined);
  let read = 0;
  client.on('data', ({ length }) => (read += length));
  const response = await eventually(() => responses[0]);
  client.pause();
  const viewer = new Viewer(response);
  const message = 'x'.repeat(64 * 1024);
  let most = 0;
  for (let second = 0; second < 300; second++) {
    viewer.send(message, 0);
    most = Math.max(most, response.writableLength);
    await new Promise(setImmediate);
  }
  assert.ok(most < 400 * 1024, `${most} bytes wait`);
  assert.equal(viewer.hasCaughtUp, false);
  viewer.send(message, 9_000);
  assert.equal(response.destroyed, false);
  client.resume();
  await eventually(() => viewer.hasCaughtUp);
  viewer.resume('all of it');
  assert.equal(viewer.hasCaughtUp, false);
  viewer.send(message, 20_000);
  await eventually(() => response.writableLength === 0 && read > 0);
  client.pause();
  for (let second = 0; second < 300; second++) {
    viewer.send(message, 21_000);
    await new Promise(setImmediate);
  }
  viewer.send(message, 32_000);
  assert.equal(response.destroyed, true);
  client.destroy();
});
