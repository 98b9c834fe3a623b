// Flask, as real applications use it, unchanged; Django is served by examples.test.ts.

import assert from 'node:assert/strict';
import test, { before } from 'node:test';
import { ask, eventually, fieldOf, fieldsOf, json, type Served, serveWsgi } from './serving.ts';

let server: Served;

before(async () => {
  server = await serveWsgi('flask_features:app', ['--threads', '4']);
});

test('cookies and sessions of Flask go to and fro', async () => {
  const two = fieldsOf(await ask(server, '/cookies'), 'set-cookie');
  assert.deepEqual(
    two.map((cookie) => cookie.split(';')[0]),
    ['first=1', 'second=2'],
  );
  let cookie = '';
  for (const visits of [1, 2, 3]) {
    const reply = await ask(server, '/visit', { fields: cookie ? [`Cookie: ${cookie}`] : [] });
    assert.deepEqual(json(reply), { visits });
    cookie = (fieldOf(reply, 'set-cookie') ?? '').split(';')[0] ?? '';
  }
});

test("a redirect of Flask is built from the request's own Host", async () => {
  const reply = await ask(server, '/old', { fields: ['Host: shop.example:8443'] });
  assert.equal(reply.status, 302);
  assert.equal(fieldOf(reply, 'location'), 'http://shop.example:8443/');
});

test('a multipart upload to Flask arrives whole', async () => {
  const file = 'x'.repeat(700_000);
  const body = [
    '--edge\r\nContent-Disposition: form-data; name="field"\r\n\r\nvalue\r\n',
    '--edge\r\nContent-Disposition: form-data; name="file"; filename="big.txt"\r\n',
    `Content-Type: text/plain\r\n\r\n${file}\r\n--edge--\r\n`,
  ].join('');
  for (const chunked of [false, true]) {
    const reply = await ask(server, '/upload', {
      method: 'POST',
      fields: ['Content-Type: multipart/form-data; boundary=edge'],
      body,
      chunked,
    });
    assert.deepEqual(json(reply), { name: 'big.txt', bytes: file.length, field: 'value' });
  }
});

test('JSON bodies, streamed responses, unicode paths and error pages of Flask work', async () => {
  const sent = { numbers: [1, 2], text: 'Zo\u00eb' };
  const fields = ['Content-Type: application/json'];
  const reply = await ask(server, '/json', { method: 'POST', fields, body: JSON.stringify(sent) });
  assert.deepEqual(json(reply), sent);
  assert.equal(
    (await ask(server, '/stream')).body.toString(),
    '0 of /stream\n1 of /stream\n2 of /stream\n',
  );
  assert.deepEqual(json(await ask(server, '/path/caf%C3%A9?q=%C3%A9')), {
    name: 'caf\u00e9',
    query: '\u00e9',
  });
  assert.equal((await ask(server, '/no-such')).status, 404);
  assert.equal((await ask(server, '/cookies', { method: 'HEAD' })).status, 200);
  assert.equal((await ask(server, '/json')).status, 405);
});

test('an exception in a Flask view is a 500 with its traceback in the error log, and is torn down', async () => {
  assert.equal((await ask(server, '/raise')).status, 500);
  await eventually(() => server.log().includes('raised in a Flask view'));
  const torn = json(await ask(server, '/torn-down')) as string[];
  assert.ok(torn.some((error) => error.includes('raised in a Flask view')));
});

test('Flask runs in several threads at once when there is more than one', async () => {
  const names = new Set<string>();
  await eventually(async () => {
    const replies = await Promise.all(Array.from({ length: 16 }, () => ask(server, '/thread')));
    for (const reply of replies) names.add(reply.body.toString());
    return names.size > 1;
  });
});
