// The access log of a real server: every answer is a line, whoever gave it. What the client never said is "-".

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { before } from 'node:test';
import {
  ask,
  askRaw,
  eventually,
  hasRead,
  type Served,
  serveWsgi,
  temporaryFolder,
} from './serving.ts';

let server: Served;
let log: string;

before(async () => {
  log = join(await temporaryFolder(), 'access.log');
  const args = [
    ['--threads', '1'],
    ['--queue-limit', '1'],
    ['--queue-timeout', '0.5'],
    ['--head-timeout', '1'],
    ['--body-timeout', '1'],
    ['--limit-request-body', '1000'],
    ['--access-logfile', log],
    ['--access-logformat', '%(h)s "%(r)s" %(s)s %(b)s %(m)s %(U)s %(H)s'],
  ].flat();
  server = await serveWsgi('freezes:app', args);
});

/** Rejects when no line of the log is the one. */
async function assertLogged(line: RegExp): Promise<void> {
  await eventually(async () => {
    const lines = (await readFile(log, 'utf8')).split('\n');
    return lines.filter((one) => line.test(one)).length === 1;
  }, `one line ${line}`);
}

for (const [what, bytes, status, line] of [
  ['nonsense', 'nonsense\r\n\r\n', 400, /^127\.0\.0\.1 "-" 400 \d+ - - -$/],
  [
    'a version that nobody speaks',
    'GET /v3 HTTP/3.0\r\n\r\n',
    505,
    /^127\.0\.0\.1 "-" 505 \d+ - - -$/,
  ],
  [
    'no Host',
    'GET /hostless HTTP/1.1\r\n\r\n',
    400,
    /^127\.0\.0\.1 "GET \/hostless HTTP\/1\.1" 400 \d+ GET \/hostless HTTP\/1\.1$/,
  ],
  [
    'a field too long',
    `GET /long HTTP/1.1\r\nHost: x\r\nA: ${'b'.repeat(10_000)}\r\n\r\n`,
    431,
    /^127\.0\.0\.1 "GET \/long HTTP\/1\.1" 431 /,
  ],
  [
    'a coding that nobody knows',
    'POST /gzip HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n',
    501,
    /^127\.0\.0\.1 "POST \/gzip HTTP\/1\.1" 501 /,
  ],
  [
    'a body too large',
    'POST /large HTTP/1.1\r\nHost: x\r\nContent-Length: 1001\r\n\r\n',
    413,
    /^127\.0\.0\.1 "POST \/large HTTP\/1\.1" 413 /,
  ],
  [
    'a chunked body too large',
    `POST /chunks HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n7d0\r\n${'x'.repeat(2000)}`,
    413,
    /^127\.0\.0\.1 "POST \/chunks HTTP\/1\.1" 413 /,
  ],
  [
    'a chunk that is none',
    'POST /chunk HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n',
    400,
    /^127\.0\.0\.1 "POST \/chunk HTTP\/1\.1" 400 /,
  ],
  [
    'a head that stays incomplete',
    'GET /half HTTP/1.1\r\nHost: x\r\n',
    408,
    /^127\.0\.0\.1 "GET \/half HTTP\/1\.1" 408 /,
  ],
  [
    'a body that stays incomplete',
    'POST /body HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhalf',
    408,
    /^127\.0\.0\.1 "POST \/body HTTP\/1\.1" 408 /,
  ],
] as const) {
  test(`${what} is refused with ${status}, and that is a line`, async () => {
    assert.equal((await askRaw(server, bytes)).status, status);
    await assertLogged(line);
  });
}

test('what waits in vain, or finds the queue full, is a line', async () => {
  const runs = await server.connect();
  await runs.send('GET /sleep HTTP/1.1\r\nHost: x\r\n\r\n');
  await eventually(() => hasRead(server, runs), 'the first request to be read');
  // The one that waits is answered 503 after queue_timeout; one more finds the queue full, whichever comes first.
  const statuses = await Promise.all([
    ask(server, '/waits'),
    ask(server, '/waits'),
    ask(server, '/waits'),
  ]);
  assert.deepEqual(
    statuses.map(({ status }) => status),
    [503, 503, 503],
  );
  await eventually(async () => {
    const lines = (await readFile(log, 'utf8')).split('\n');
    return lines.filter((line) => /"GET \/waits HTTP\/1\.1" 503 /.test(line)).length === 3;
  }, 'three lines');
});
