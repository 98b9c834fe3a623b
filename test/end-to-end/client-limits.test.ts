// Limits of clients on a real server, asked from many addresses of this machine: rates by path and key, connections, networks from
// a file, what a proxy names; what is left of it all afterwards; and that a reload reads the lists anew.

import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { eventually, NODE_APPS, type Served, serveNode, temporaryFolder } from './serving.ts';

/** Functions of the file: of a key of their own, that never end, in native code either, that throw. */
const CONFIG = `
import { execSync } from 'node:child_process';
export default {
  limit_rate: '1000/s',
  limit_headers: 'all',
  limit_connections: 3,
  limit_exempt: ['127.0.5.0/24'],
  limit_store_timeout: 0.5,
  deny: 'file:deny.txt',
  forwarded_for: true,
  forwarded_allow_ips: ['127.0.0.9', '127.0.0.10'],
  proxy_protocol: 'v1',
  proxy_allow_ips: ['127.0.0.9'],
  limits: [
    { path: '/login', methods: ['POST'], rate: '2/h', name: 'login' },
    { path: '/keyed', rate: '1/h', key: 'header:x-api-key', name: 'keyed' },
    { path: '/by', rate: '1/h', key: ({ headers, query }) => headers['x-tenant'] ?? query, name: 'by' },
    { path: '/spin', rate: '1/h', key: () => { for (;;); }, name: 'spin' },
    { path: '/native', rate: '1/h', key: () => execSync('sleep 60'), name: 'native' },
    { path: '/throw', rate: '1/h', key: () => { throw new Error('no key'); }, name: 'throw' },
  ],
};
`;

let served: Served;
let folder = '';
const sockets: Socket[] = [];

before(async () => {
  folder = await temporaryFolder({
    'tunicorn.config.mjs': CONFIG,
    'deny.txt': '# these\n127.0.9.0/24, 127.0.8.1 # and this\n',
  });
  served = await serveNode(join(NODE_APPS, 'answers.mjs'), ['--keep-alive', '30'], { cwd: folder });
});
after(() => {
  for (const socket of sockets) socket.destroy();
});

interface Client {
  /** What comes next: the head of a response with its body, or why there is none. */
  ask(request: string): Promise<string>;
  close(): void;
}

/** A connection from this address of the machine. */
async function from(address: string): Promise<Client> {
  const socket = connect({ host: '127.0.0.1', port: served.port, localAddress: address });
  sockets.push(socket);
  let text = '';
  let end = '';
  socket.setEncoding('latin1').on('data', (piece) => (text += piece));
  socket.on('error', (error: NodeJS.ErrnoException) => (end = error.code ?? 'error'));
  socket.on('close', () => (end ||= 'closed'));
  const ask = async (request: string): Promise<string> => {
    text = '';
    if (!socket.destroyed) socket.write(request);
    return eventually(() => whole(text) ?? (end === '' ? null : end), `an answer to ${address}`);
  };
  return { ask, close: () => socket.destroy() };
}

/** A response with its Content-Length. */
function whole(text: string): string | null {
  const head = text.indexOf('\r\n\r\n');
  const length = Number(/^content-length: (\d+)/im.exec(text)?.[1] ?? 0);
  return head >= 0 && text.length >= head + 4 + length ? text : null;
}

function request(path: string, fields: readonly string[] = [], method = 'GET'): string {
  return `${[`${method} ${path} HTTP/1.1`, 'Host: x', ...fields].join('\r\n')}\r\n\r\n`;
}

/** Of one request on a connection of its own: the status, or how the connection ended. */
async function status(address: string, text: string): Promise<string> {
  const client = await from(address);
  const answer = await client.ask(text);
  client.close();
  return /^HTTP\/1\.1 (\d+)/.exec(answer)?.[1] ?? answer;
}

function each(address: string, ...texts: string[]): Promise<string[]> {
  return texts.reduce<Promise<string[]>>(
    async (before, text) => [...(await before), await status(address, text)],
    Promise.resolve([]),
  );
}

test('a client that asks too often is answered 429 with Retry-After and RateLimit, and its connection goes on', async () => {
  const client = await from('127.0.1.1');
  const login = `${request('//%4cogin', ['Content-Length: 3'], 'POST')}a=b`;
  assert.match(
    await client.ask(login),
    /^HTTP\/1.1 200 .*RateLimit: "login";r=1;t=1800, "default"/s,
  );
  assert.match(await client.ask(login), /^HTTP\/1.1 200 /);
  const refused = await client.ask(login);
  assert.match(refused, /^HTTP\/1.1 429 Too Many Requests\r\n/);
  assert.match(refused, /Retry-After: 1(800|79\d)\r\nRateLimit-Policy: "login";q=2;w=3600\r\n/);
  assert.match(await client.ask(request('/')), /^HTTP\/1.1 200 /, 'on the same connection');
  assert.equal(await status('127.0.1.2', login), '200', 'another client has its own');
});

test('a large body of a refused request is neither waited for nor read for ever', async () => {
  const post = (fields: string[], body: string) => request('/login', fields, 'POST') + body;
  await each('127.0.1.3', post(['Content-Length: 0'], ''), post(['Content-Length: 0'], ''));
  const expects = await from('127.0.1.3');
  const expecting = post(['Content-Length: 100000000', 'Expect: 100-continue'], '');
  assert.match(await expects.ask(expecting), /^HTTP\/1.1 429 .*Connection: close/s);
  const sends = await from('127.0.1.3');
  assert.match(await sends.ask(post(['Content-Length: 100000000'], 'x')), /^HTTP\/1.1 429 /);
  const end = await sends.ask('x'.repeat(4_000_000));
  assert.match(end, /^(ECONNRESET|EPIPE|closed)$/);
});

test('requests are counted by a header, and by what a function of the config file says', async () => {
  const keyed = (key: string) => request('/keyed', [`X-API-Key: ${key}`]);
  assert.deepEqual(await each('127.0.1.4', keyed('a'), keyed('a'), keyed('b')), [
    '200',
    '429',
    '200',
  ]);
  const by = (tenant: string) => request('/by', [`X-Tenant: ${tenant}`]);
  assert.deepEqual(await each('127.0.1.5', by('a'), by('a'), by('b')), ['200', '429', '200']);
  assert.deepEqual(await each('127.0.1.6', by('a'), request('/by?q'), request('/by?q')), [
    '429',
    '200',
    '429',
  ]);
});

test('a function that throws, or never ends, costs its requests the key and nobody anything else', async () => {
  const thrown = request('/throw');
  assert.deepEqual(await each('127.0.1.7', thrown, thrown), ['200', '429'], 'by the address');
  const spins = status('127.0.1.8', request('/spin'));
  assert.equal(await status('127.0.1.9', request('/')), '200');
  assert.equal(await spins, '200');
  await eventually(() => /limit-key-failed/.test(served.log()), 'a line about it');
  // Its thread is replaced: other functions answer again.
  const again = (n: number) => status('127.0.1.10', request('/by', [`X-Tenant: again-${n}`]));
  let n = 0;
  await eventually(async () => {
    n += 1;
    return (await again(n)) === '200' && (await again(n)) === '429';
  }, 'keys of the next thread');
});

test('one connection more than limit_connections is reset, others and exempt clients are not', async () => {
  const open = await Promise.all([1, 2, 3].map(() => from('127.0.2.1')));
  for (const client of open) assert.match(await client.ask(request('/')), /^HTTP\/1.1 200 /);
  assert.equal(await status('127.0.2.1', request('/')), 'ECONNRESET');
  assert.equal(await status('127.0.2.2', request('/')), '200');
  open[0]?.close();
  await eventually(async () => (await status('127.0.2.1', request('/'))) === '200', 'its place');
  const many = await Promise.all([1, 2, 3, 4, 5].map(() => from('127.0.5.1')));
  for (const client of many) assert.match(await client.ask(request('/')), /^HTTP\/1.1 200 /);
});

test('who is denied is reset; behind a trusted proxy the client that it names is answered 403', async () => {
  assert.deepEqual(await each('127.0.9.1', request('/')), ['ECONNRESET']);
  assert.deepEqual(await each('127.0.8.1', request('/')), ['ECONNRESET']);
  const named = (address: string) => request('/', [`X-Forwarded-For: ${address}`]);
  const proxied = await each('127.0.0.9', named('127.0.9.7'), named('192.0.2.7'), request('/'));
  assert.deepEqual(proxied, ['403', '200', '200']);
});

test('behind a trusted proxy requests at once count by the client that it names', async () => {
  const slow = request('/slow', ['X-Forwarded-For: 192.0.2.50']);
  const all = await Promise.all([1, 2, 3, 4, 5].map(() => status('127.0.0.9', slow)));
  assert.deepEqual(all.sort(), ['200', '200', '200', '429', '429']);
  assert.equal(await status('127.0.0.9', slow), '200', 'their places came back');
});

test('a client that a PROXY header names is judged by its connection, also where requests of that proxy are', async () => {
  const by = (client: string, rest = request('/')) =>
    `PROXY TCP4 ${client} 127.0.0.1 4711 80\r\n${rest}`;
  assert.equal(await status('127.0.0.9', by('127.0.9.7')), 'ECONNRESET', 'denied');
  const open = await Promise.all([1, 2, 3].map(() => from('127.0.0.9')));
  for (const client of open) assert.match(await client.ask(by('192.0.2.60')), /^HTTP\/1.1 200 /);
  assert.equal(await status('127.0.0.9', by('192.0.2.60')), 'ECONNRESET', 'one more than 3');
  assert.equal(await status('127.0.0.9', by('192.0.2.61')), '200');
  const spoofs = by('192.0.2.63', request('/', ['X-Forwarded-For: 127.0.9.7']));
  assert.equal(await status('127.0.0.9', spoofs), '200', 'it is nobody who could name another');
  // It names another proxy, which names a client with each request.
  const forwarded = (client: string) =>
    by('127.0.0.10', request('/', [`X-Forwarded-For: ${client}`]));
  const many = await Promise.all([1, 2, 3, 4, 5].map(() => from('127.0.0.9')));
  for (const client of many) {
    assert.match(await client.ask(forwarded('192.0.2.62')), /^HTTP\/1.1 200 /);
  }
  assert.equal(await status('127.0.0.9', forwarded('127.0.9.7')), '403');
});

test('what was refused stands in the log, once in a while', async () => {
  const line = /Refused: .*\d+ requests? by the limit "login", the last of 127\.0\.1\.\d/s;
  await eventually(() => line.test(served.log()), 'the line');
});

test('a reload reads the lists anew, and one that is wrong leaves everything as it is', async () => {
  await writeFile(join(folder, 'deny.txt'), '127.0.9.0/24\nnonsense\n');
  process.kill(served.pid, 'SIGHUP');
  await eventually(() => /deny.txt, line 2: "nonsense" is no address/.test(served.log()), 'a word');
  assert.deepEqual(await each('127.0.8.1', request('/')), ['ECONNRESET']);
  await writeFile(join(folder, 'deny.txt'), '127.0.9.0/24\n');
  process.kill(served.pid, 'SIGHUP');
  await eventually(async () => (await status('127.0.8.1', request('/'))) === '200', 'to be served');
});

test('a key function in native code does not keep a worker that is to end', async () => {
  assert.equal(await status('127.0.1.20', request('/native')), '200');
  const pid = /.*Worker ready \(pid: (\d+)\)/s.exec(served.log())?.[1] ?? assert.fail();
  process.kill(served.pid, 'SIGHUP');
  await eventually(
    () => served.log().includes(`Worker exiting (pid: ${pid})`),
    'its worker to end',
  );
});
