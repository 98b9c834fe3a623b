// Every example is started as its README says, and answers real requests.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { openConnections } from '../support/open-connections.ts';
import { ask, eventually, json, ROOT, type Served, serveNode, serveWsgi } from './serving.ts';

/** The arguments of the one `tunicorn` line of an example's README. */
function commandOf(example: string): { args: string[]; app: string } {
  const text = readFileSync(join(ROOT, 'examples', example, 'README.md'), 'utf8');
  const words = /^ {4}tunicorn (.+)$/m.exec(text)?.[1]?.split(' ') ?? [];
  const app = words.pop();
  assert.ok(app, `examples/${example}/README.md has no line that starts it`);
  return { args: words, app };
}

function start(example: string): Promise<Served> {
  const { args: written, app } = commandOf(example);
  // The address of its own is somebody else's while several tests run.
  const at = written.indexOf('--status-bind');
  const args = at < 0 ? written : written.toSpliced(at, 2);
  const place = { cwd: join(ROOT, 'examples', example) };
  return app.startsWith('.') ? serveNode(app, args, place) : serveWsgi(app, args, place);
}

test('every folder of examples has its test here', () => {
  const folders = readdirSync(join(ROOT, 'examples'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort();
  assert.deepEqual(folders, ['django', 'flask', 'hono', 'node-listener', 'plain-wsgi', 'trouble']);
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
  assert.equal((await ask(server, '/order', { method: 'POST' })).body.toString(), 'Thank you\n');
  await eventually(() => /^ordered from 127\.0\.0\.1$/m.test(server.log()), 'the order');
  assert.equal((await ask(server, '/no-such')).status, 404);
});

/** Only the page of the example and its clients send this field. */
const BUTTON = { method: 'POST', fields: ['X-Trouble: wanted'] } as const;

test('the example that makes trouble begins it by a button, goes on serving, and stops it by another one', async () => {
  const server = await start('trouble');
  const page = (await ask(server, '/')).body.toString();
  const troubles = [...page.matchAll(/data-trouble="([\w-]+)"/g)].map(([, name]) => name);
  assert.deepEqual(troubles, ['hang', 'hang-all', 'spin', 'crash', 'slow', 'flood']);
  assert.doesNotMatch(page, /(src|href)="(?!data:)/, 'it asks nobody else');
  for (const path of ['/hang', '/spin', '/crash', '/start?trouble=slow', '/stop']) {
    assert.equal((await ask(server, path, { method: 'POST' })).status, 403, path);
  }
  assert.equal((await ask(server, '/start?trouble=none', BUTTON)).status, 400);
  const running = async (): Promise<unknown> => json(await ask(server, '/running', BUTTON));
  assert.equal((await ask(server, '/start?trouble=slow', BUTTON)).status, 200);
  await eventually(async () => JSON.stringify(await running()) === '{"running":["slow"]}');
  // More than its threads, all in the middle of a head.
  await eventually(() => openConnections(server.port) > 100);
  assert.equal((await ask(server, '/ping')).body.toString(), 'pong\n');
  // No crash ends them, whichever process started them: the stop does.
  assert.equal((await ask(server, '/crash', BUTTON)).status, 502);
  assert.equal((await ask(server, '/ping')).status, 200);
  assert.deepEqual(json(await ask(server, '/stop', BUTTON)), { stopped: ['slow'] });
  await eventually(() => openConnections(server.port) < 10);
  assert.deepEqual(await running(), { running: [] });
});

test('npm start serves the example that makes trouble, with the status page beside it', () => {
  const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    scripts: Record<string, string>;
  };
  const { args, app } = commandOf('trouble');
  const line = scripts['start'] ?? '';
  assert.ok(line.includes(args.join(' ')), line);
  assert.ok(line.endsWith(`--chdir examples/trouble ${app}`), line);
});
