// Every example is started as its README says, and answers real requests.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { ask, json, PYTHON, ROOT, type Served, serveNode, serveWsgi } from './serving.ts';

/** The arguments of the one `tunicorn` line of an example's README. */
function commandOf(example: string): { args: string[]; app: string } {
  const text = readFileSync(join(ROOT, 'examples', example, 'README.md'), 'utf8');
  const words = /^ {4}tunicorn (.+)$/m.exec(text)?.[1]?.split(' ') ?? [];
  const app = words.pop();
  assert.ok(app, `examples/${example}/README.md has no line that starts it`);
  return { args: words, app };
}

function start(example: string): Promise<Served> {
  const { args, app } = commandOf(example);
  const place = { cwd: join(ROOT, 'examples', example) };
  return app.startsWith('.') ? serveNode(app, args, place) : serveWsgi(app, args, place);
}

test('every folder of examples has its test here', () => {
  const folders = readdirSync(join(ROOT, 'examples'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort();
  assert.deepEqual(folders, ['django', 'flask', 'hono', 'node-listener', 'plain-wsgi']);
});

test('the plain WSGI example shows its page, streams and echoes', async () => {
  const server = await start('plain-wsgi');
  const page = (await ask(server, '/')).body.toString();
  assert.match(page, /It works\./);
  for (const path of ['/stream', '/echo', '/slow']) assert.ok(page.includes(`href="${path}`), path);
  const streamed = await ask(server, '/stream?pause=0');
  assert.match(streamed.body.toString(), /^line 1 of 10\n[\s\S]*line 10 of 10\n$/);
  const echoed = json(await ask(server, '/echo?name=you', { method: 'POST', body: 'text' }));
  assert.deepEqual((echoed as { query: unknown }).query, { name: ['you'] });
  assert.equal((echoed as { body_start: string }).body_start, 'text');
  assert.match((await ask(server, '/slow?seconds=0')).body.toString(), /^slept 0 s in /);
  assert.equal((await ask(server, '/no-such')).status, 404);
  assert.equal((await ask(server, '/raise')).status, 500);
});

test('the Flask example answers text, JSON, a stream and an upload', async () => {
  const server = await start('flask');
  assert.equal((await ask(server, '/')).body.toString(), 'Hello from Flask\n');
  const fields = ['Content-Type: application/json'];
  const sum = await ask(server, '/sum', { method: 'POST', fields, body: '{"numbers": [1, 2, 3]}' });
  assert.deepEqual(json(sum), { total: 6, count: 3 });
  assert.equal((await ask(server, '/count/3')).body.toString(), '1\n2\n3\n');
  const upload = await ask(server, '/upload', {
    method: 'POST',
    fields: ['Content-Type: multipart/form-data; boundary=edge'],
    body: '--edge\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\nbytes\r\n--edge--\r\n',
  });
  assert.deepEqual(json(upload), { name: 'a', bytes: 5 });
});

test('the Django example renders a page, takes a form, answers JSON and streams', async () => {
  const server = await start('django');
  assert.match((await ask(server, '/')).body.toString(), /Nobody yet/);
  const fields = ['Content-Type: application/x-www-form-urlencoded'];
  const sign = (body: string) => ask(server, '/entries', { method: 'POST', fields, body });
  assert.equal((await sign('name=Ada+L%C3%B6v')).status, 201);
  assert.equal((await sign('name=')).status, 400);
  assert.deepEqual(json(await ask(server, '/entries')), { entries: ['Ada L\u00f6v'] });
  assert.match((await ask(server, '/')).body.toString(), /<li>Ada L\u00f6v<\/li>/);
  assert.equal((await ask(server, '/export')).body.toString(), '1,Ada L\u00f6v\n');
  assert.equal((await ask(server, '/entries', { method: 'DELETE' })).status, 405);
});

test('the Node.js listener example answers, echoes and sends events', async () => {
  const server = await start('node-listener');
  assert.equal((await ask(server, '/')).body.toString(), 'Hello from Node.js\n');
  const body = 'x'.repeat(300_000);
  assert.equal((await ask(server, '/echo', { method: 'POST', body })).body.toString(), body);
  const events = await ask(server, '/events');
  assert.equal(events.body.toString(), 'data: tick 1\n\ndata: tick 2\n\ndata: tick 3\n\n');
  assert.equal((await ask(server, '/no-such')).status, 404);
});

test('the Hono example answers text, JSON, a body and a stream', async () => {
  const server = await start('hono');
  assert.equal((await ask(server, '/')).body.toString(), 'Hello from Hono\n');
  assert.deepEqual(json(await ask(server, '/greet/Ada')), { hello: 'Ada' });
  const body = Buffer.alloc(200_000);
  assert.deepEqual(json(await ask(server, '/length', { method: 'POST', body })), {
    bytes: 200_000,
  });
  assert.equal((await ask(server, '/count')).body.toString(), '1\n2\n3\n4\n5\n');
  assert.equal((await ask(server, '/no-such')).status, 404);
});

test('npm start serves the plain WSGI example', () => {
  const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    scripts: Record<string, string>;
  };
  assert.match(scripts['start'] ?? '', /--chdir examples\/plain-wsgi .*app:application/);
  assert.ok(PYTHON.length > 0);
});
