// wsgiref.validate.validator around an application: it raises at anything that PEP 3333 forbids to a server.

import assert from 'node:assert/strict';
import test, { before } from 'node:test';
import { ask, type Served, serveWsgi } from './serving.ts';

let server: Served;

before(async () => {
  server = await serveWsgi('validated:app', ['--threads', '2']);
});

test('the validator has nothing to say against GET, POST with a length, POST chunked and HEAD', async () => {
  const path = '/a%20b?x=1';
  assert.equal((await ask(server, path)).body.toString(), 'ok ');
  const body = 'hello';
  assert.equal((await ask(server, path, { method: 'POST', body })).body.toString(), 'ok hello');
  assert.equal((await ask(server, path, { method: 'POST', body, chunked: true })).status, 200);
  assert.equal((await ask(server, path, { method: 'HEAD' })).status, 200);
  assert.doesNotMatch(server.log(), /AssertionError|Traceback/);
});

test('the validator has nothing to say against a large body and odd fields', async () => {
  const body = 'x'.repeat(1_000_000);
  const fields = ['X-Odd: Zo\u00eb', 'X-Empty:', 'X-Twice: a', 'X-Twice: b'];
  const reply = await ask(server, '/%ff?%00', { method: 'POST', body, fields });
  assert.equal(reply.body.length, body.length + 3);
  assert.doesNotMatch(server.log(), /AssertionError|Traceback/);
});
