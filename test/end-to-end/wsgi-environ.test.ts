// What an application finds in its environ: PEP 3333's keys true to fact, CGI's, and the extra ones that Gunicorn's
// users rely on.

import assert from 'node:assert/strict';
import test, { before } from 'node:test';
import { ask, askRaw, eventually, json, type Served, serveWsgi } from './serving.ts';

let server: Served;

before(async () => {
  server = await serveWsgi('tell_environ:app', ['--threads', '2']);
});

async function environOf(
  path: string,
  fields: readonly string[] = [],
): Promise<Record<string, unknown>> {
  return json(await ask(server, path, { fields })) as Record<string, unknown>;
}

test('the environ names method, path, query, protocol and the server it came to', async () => {
  const environ = await environOf('/some/where?x=1&y=%20');
  assert.equal(environ['REQUEST_METHOD'], 'GET');
  assert.equal(environ['SCRIPT_NAME'], '');
  assert.equal(environ['PATH_INFO'], '/some/where');
  assert.equal(environ['QUERY_STRING'], 'x=1&y=%20');
  assert.equal(environ['SERVER_PROTOCOL'], 'HTTP/1.1');
  assert.equal(environ['SERVER_NAME'], '127.0.0.1');
  assert.equal(environ['SERVER_PORT'], String(server.port));
  assert.match(String(environ['SERVER_SOFTWARE']), /^tunicorn\/\d/i);
  assert.equal(environ['exported software'], environ['SERVER_SOFTWARE']);
});

test('the keys of PEP 3333 have the types and values that it asks for', async () => {
  const environ = await environOf('/');
  assert.deepEqual(environ['wsgi.version'], [1, 0]);
  assert.equal(environ['wsgi.url_scheme'], 'http');
  assert.equal(environ['wsgi.run_once'], false);
  assert.equal(environ['wsgi.input_terminated'], true);
  for (const key of ['wsgi.input', 'wsgi.errors', 'wsgi.file_wrapper']) {
    assert.match(String(environ[key]), /^<.+>$/, `${key} is an object`);
  }
});

test("Gunicorn's extra keys are there, but for the socket that never leaves the I/O loop", async () => {
  const environ = await environOf('/a%2Fb%20c?q');
  assert.equal(environ['RAW_URI'], '/a%2Fb%20c?q');
  assert.equal(environ['PATH_INFO'], '/a/b c');
  assert.equal(environ['REMOTE_ADDR'], '127.0.0.1');
  assert.match(String(environ['REMOTE_PORT']), /^[1-9]\d*$/);
  assert.equal('gunicorn.socket' in environ, false);
});

test('request fields become HTTP_ keys, and Content-Type and Content-Length keys without HTTP_', async () => {
  const reply = await ask(server, '/', {
    method: 'POST',
    fields: ['X-Some-Thing: a value', 'Content-Type: text/x-test', 'Cookie: a=1', 'x-lower: y'],
    body: 'four',
  });
  const environ = json(reply) as Record<string, unknown>;
  assert.equal(environ['HTTP_X_SOME_THING'], 'a value');
  assert.equal(environ['HTTP_X_LOWER'], 'y');
  assert.equal(environ['HTTP_COOKIE'], 'a=1');
  assert.equal(environ['CONTENT_TYPE'], 'text/x-test');
  assert.equal(environ['CONTENT_LENGTH'], '4');
  assert.equal('HTTP_CONTENT_TYPE' in environ, false);
  assert.equal('HTTP_CONTENT_LENGTH' in environ, false);
});

test('repeated request fields are joined by a comma', async () => {
  const environ = await environOf('/', ['X-Many: one', 'Other: x', 'X-Many: two']);
  assert.match(String(environ['HTTP_X_MANY']), /^one, ?two$/);
});

test('a field with an underscore cannot pass for the one with a dash', async () => {
  const environ = await environOf('/', ['X_Forwarded_User: evil']);
  assert.equal('HTTP_X_FORWARDED_USER' in environ, false);
});

test('header_map says what becomes of such a field: refused, or passed on as it came', async () => {
  const fields = ['X_Forwarded_User: evil', 'X-Forwarded-User: good', 'Content_Length: 99'];
  const refusing = await serveWsgi('tell_environ:app', ['--header-map', 'refuse']);
  assert.equal((await ask(refusing, '/', { fields })).status, 400);
  const passing = await serveWsgi('tell_environ:app', ['--header-map', 'dangerous']);
  const environ = json(await ask(passing, '/', { fields })) as Record<string, unknown>;
  assert.equal(environ['HTTP_X_FORWARDED_USER'], 'evil,good', 'nobody can tell them apart');
  assert.equal('CONTENT_LENGTH' in environ, false, 'and yet it frames nothing');
});

test('the host of an absolute-form target is the one that the application sees', async () => {
  const reply = await askRaw(server, 'GET http://real.example/a HTTP/1.1\r\nHost: other\r\n\r\n');
  const environ = json(reply) as Record<string, unknown>;
  assert.deepEqual([environ['HTTP_HOST'], environ['PATH_INFO']], ['real.example', '/a']);
});

test('a client cannot set keys of the server by a field', async () => {
  const environ = await environOf('/', [
    'Remote-Addr: 6.6.6.6',
    'Wsgi.Input: x',
    'Path-Info: /evil',
  ]);
  assert.equal(environ['REMOTE_ADDR'], '127.0.0.1');
  assert.equal(environ['PATH_INFO'], '/');
  assert.equal(environ['HTTP_REMOTE_ADDR'], '6.6.6.6');
});

test('percent-encoded bytes of a path arrive as latin-1, as PEP 3333 wants its strings', async () => {
  const environ = await environOf('/caf%C3%A9/%ff');
  assert.equal(environ['PATH_INFO'], '/caf\u00c3\u00a9/\u00ff');
});

test('raw bytes above 127 of a path and of a field arrive as latin-1', async () => {
  const reply = await askRaw(
    server,
    'GET /caf\u00e9 HTTP/1.1\r\nHost: x\r\nX-Name: Zo\u00eb\r\n\r\n',
  );
  const environ = json(reply) as Record<string, unknown>;
  assert.equal(environ['PATH_INFO'], '/caf\u00e9');
  assert.equal(environ['HTTP_X_NAME'], 'Zo\u00eb');
});

test('an absolute target gives the path that it names', async () => {
  const reply = await askRaw(
    server,
    'GET http://elsewhere:81/p?q=1 HTTP/1.1\r\nHost: elsewhere:81\r\n\r\n',
  );
  const environ = json(reply) as Record<string, unknown>;
  assert.equal(environ['PATH_INFO'], '/p');
  assert.equal(environ['QUERY_STRING'], 'q=1');
  assert.equal(environ['HTTP_HOST'], 'elsewhere:81');
});

test('an HTTP/1.0 request is told as such', async () => {
  const reply = await askRaw(server, 'GET / HTTP/1.0\r\n\r\n');
  assert.equal((json(reply) as Record<string, unknown>)['SERVER_PROTOCOL'], 'HTTP/1.0');
});

test('every request has an environ of its own', async () => {
  for (let round = 0; round < 4; round++) {
    assert.equal((await environOf('/'))['left over'], false);
  }
});

test('wsgi.multithread and wsgi.multiprocess are true to fact', async () => {
  const many = await environOf('/');
  assert.deepEqual([many['wsgi.multithread'], many['wsgi.multiprocess']], [true, false]);
  const one = await serveWsgi('tell_environ:app', ['--threads', '1', '--workers', '2'], {
    readyWorkers: 2,
  });
  const told = json(await ask(one, '/')) as Record<string, unknown>;
  assert.deepEqual([told['wsgi.multithread'], told['wsgi.multiprocess']], [false, true]);
  // One worker less and one more, from the next request on; who came later knows it, too.
  const isOneOfMany = async (): Promise<unknown> =>
    (json(await ask(one, '/')) as Record<string, unknown>)['wsgi.multiprocess'];
  one.server.signal('SIGTTOU');
  await eventually(
    async () => (await isOneOfMany()) === false,
    'a worker to know that it is alone',
  );
  one.server.signal('SIGTTIN');
  await one.server.line(/Worker ready/, 3);
  await eventually(async () => (await isOneOfMany()) === true, 'both to know of each other');
  assert.deepEqual(await Promise.all(Array.from({ length: 8 }, isOneOfMany)), Array(8).fill(true));
});
