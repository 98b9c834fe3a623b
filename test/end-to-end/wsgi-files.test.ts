// wsgi.file_wrapper: a real file is sent from where it stands and as far as the length says, anything else is read
// like an iterable; either way it is closed.

import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { before } from 'node:test';
import {
  ask,
  eventually,
  fieldOf,
  openFilesOf,
  type Served,
  serveWsgi,
  temporaryFolder,
} from './serving.ts';

let server: Served;
let path: string;
const content = randomBytes(3 * 1024 * 1024 + 17);

before(async () => {
  server = await serveWsgi('send_files:app', ['--threads', '2']);
  path = join(await temporaryFolder(), 'content.bin');
  await writeFile(path, content);
});

function sha(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

async function fetched(query: string, route = '/'): Promise<Buffer> {
  return (await ask(server, `${route}?file=${encodeURIComponent(path)}${query}`)).body;
}

test('a file without a length arrives whole', async () => {
  assert.equal(sha(await fetched('')), sha(content));
});

test('a file with its length arrives whole, and the length is kept', async () => {
  const reply = await ask(server, `/sized?file=${encodeURIComponent(path)}`);
  assert.equal(fieldOf(reply, 'content-length'), String(content.length));
  assert.equal(sha(reply.body), sha(content));
});

test('a file is sent from where the application left it', async () => {
  assert.equal(sha(await fetched('&skip=1000', '/sized')), sha(content.subarray(1000)));
  assert.equal(sha(await fetched('&skip=1000')), sha(content.subarray(1000)));
});

test('no more of a file is sent than the Content-Length says', async () => {
  assert.equal(sha(await fetched('&skip=5&length=100000')), sha(content.subarray(5, 100_005)));
});

test('HEAD of a file sends its head only', async () => {
  const reply = await ask(server, `/sized?file=${encodeURIComponent(path)}`, { method: 'HEAD' });
  assert.equal(fieldOf(reply, 'content-length'), String(content.length));
  assert.equal(reply.body.length, 0);
});

test('what only looks like a file is read, sent and closed', async () => {
  assert.equal((await ask(server, '/memory')).body.toString(), 'from memory '.repeat(1000));
  await eventually(async () => (await ask(server, '/closed')).body.toString().includes('noted'));
});

test('files are closed when they are sent, and when the client leaves before that', async () => {
  const client = await server.connect();
  client.send(`GET /?file=${encodeURIComponent(path)} HTTP/1.1\r\nHost: x\r\n\r\n`);
  await client.take(1);
  client.reset();
  for (let round = 0; round < 20; round++) await fetched('', '/sized');
  await eventually(async () => {
    const open = await Promise.all([server.pid, ...(await server.childPids())].map(openFilesOf));
    return open.flat().every((name) => !name.includes('content.bin'));
  });
});
