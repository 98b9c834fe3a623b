// What a client sends in confidence stays out of the error log, at level debug too: field values, queries, bodies, in
// requests that are right, that are wrong, and that the application fails. And no answer that the server makes by itself
// tells anything of the machine it runs on.

import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname } from 'node:path';
import { before, describe, test } from 'node:test';
import {
  askRaw,
  eventually,
  NODE_APPS,
  PYTHON,
  type RawResponse,
  ROOT,
  type Served,
  serveNode,
  serveWsgi,
  temporaryFolder,
  WSGI_APPS,
} from './serving.ts';

const SECRET = 'S3cr3tW0rd';
const CONFIDENTIAL = [
  `Authorization: Bearer ${SECRET}`,
  `Cookie: session=${SECRET}; other=${SECRET}`,
  `X-Api-Key: ${SECRET}`,
  `Referer: http://example.org/?token=${SECRET}`,
  `User-Agent: ${SECRET}`,
].join('\r\n');

/** A head with everything confidential in it, then `lines`. */
function head(start: string, ...lines: string[]): string {
  return [`${start} HTTP/1.1`, 'Host: localhost', CONFIDENTIAL, ...lines, '', ''].join('\r\n');
}

/** What is sent, and the status that it gets. */
const REQUESTS: Readonly<Record<string, readonly [status: number, bytes: string]>> = {
  'a good request': [200, head(`GET /?token=${SECRET}`)],
  'a good request with a body': [200, head('POST /', `Content-Length: ${SECRET.length}`) + SECRET],
  'a field name with a blank': [400, head(`GET /?token=${SECRET}`, `Bad Name: ${SECRET}`)],
  'a field value with NUL': [400, head('GET /', `X: ${SECRET}\0`)],
  'a folded field': [400, head('GET /', `X: ${SECRET}`, ` ${SECRET}`)],
  'two framings': [400, head('GET /', 'Content-Length: 3', 'Transfer-Encoding: chunked')],
  'a repeated field': [400, head('GET /', `Content-Type: ${SECRET}`, `Content-Type: ${SECRET}`)],
  'a wrong target': [400, head(`GET wrong?token=${SECRET}`)],
  'a target with a password': [400, head(`GET https://u:${SECRET}@h/?a`)],
  'a host with a password': [400, `GET / HTTP/1.1\r\nHost: u:${SECRET}@h\r\n\r\n`],
  'a broken chunk': [400, `${head('POST /', 'Transfer-Encoding: chunked')}5\r\n${SECRET}`],
  'a forbidden trailer': [
    400,
    `${head('POST /', 'Transfer-Encoding: chunked')}0\r\nAuthorization: ${SECRET}\r\n\r\n`,
  ],
  'a large body': [413, head('POST /', 'Content-Length: 1000000')],
  'a long target': [414, head(`GET /?token=${SECRET.repeat(500)}`)],
  'a long field': [431, head('GET /', `X: ${SECRET.repeat(1000)}`)],
  'an application that raises': [500, head(`GET /raise?token=${SECRET}`)],
  'an application that exits': [502, head(`GET /exit?token=${SECRET}`)],
  'an application that never answers': [504, head(`GET /spin?token=${SECRET}`)],
};

const SETTINGS = ['--threads', '2', '--timeout', '1', '--limit-request-body', '200000'];
const KINDS: Readonly<Record<string, (...args: string[]) => Promise<Served>>> = {
  WSGI: (...args) => serveWsgi('freezes:app', [...SETTINGS, ...args]),
  'Node.js': (...args) => serveNode('./freezes.mjs', [...SETTINGS, ...args]),
};

for (const [kind, serve] of Object.entries(KINDS)) {
  test(`what is confidential is in no line of the error log: ${kind}`, async () => {
    const served = await serve('--log-level', 'debug');
    for (const [name, [status, bytes]] of Object.entries(REQUESTS)) {
      const reply = await patient(served, bytes);
      assert.equal(reply.status, status, name);
    }
    // A client that never ends its head, and one that leaves in the middle of its body.
    const slow = await served.connect();
    await slow.send(head('POST /', 'Content-Length: 100') + SECRET);
    slow.reset();
    // The client is answered first; where its request was is asked afterwards.
    await served.server.line(/\(overdue\)/);
    await served.stop();
    assert.match(served.log(), /\(bad-target\)/);
    assert.doesNotMatch(served.log(), new RegExp(SECRET));
  });

  test(`the access log holds what its format names and nothing else: ${kind}`, async () => {
    const served = await serve('--access-logfile', '-', '--access-logformat', '%(m)s %(U)s %(s)s');
    await askRaw(served, head(`POST /?token=${SECRET}`, 'Content-Length: 10') + SECRET);
    await served.stop();
    assert.match(served.log(), /^POST \/ 200$/m);
    assert.doesNotMatch(served.log(), new RegExp(SECRET));
  });

  describe(`an answer of the server itself tells nothing of its machine: ${kind}`, () => {
    let served: Served;
    let folder: string;
    before(async () => {
      folder = await temporaryFolder();
      const waits = ['--queue-timeout', '1', '--head-timeout', '1'];
      served = await serve('--tmp-dir', folder, ...waits);
      await rm(folder, { recursive: true });
    });

    function assertTellsNothing(reply: RawResponse, status: number): void {
      assert.equal(reply.status, status);
      assert.equal(leakIn(reply.raw.toString('latin1'), folder), null);
    }

    for (const [name, [status, bytes]] of Object.entries(REQUESTS)) {
      if (status === 200) continue;
      test(`${status} to ${name}`, async () => {
        assertTellsNothing(await patient(served, bytes), status);
      });
    }

    for (const [status, bytes] of [
      [408, 'GET / HT'],
      [417, head('GET /', 'Expect: the-unexpected')],
      [501, head('POST /', 'Transfer-Encoding: gzip, chunked')],
      [505, head('GET /').replace('HTTP/1.1', 'HTTP/2.0')],
    ] as const) {
      test(`${status}`, async () => assertTellsNothing(await askRaw(served, bytes), status));
    }
  });
}

test('503 and 507 tell nothing of the machine either', async () => {
  const folder = await temporaryFolder();
  const settings = [
    '--threads',
    '1',
    '--timeout',
    '4',
    '--queue-timeout',
    '1',
    '--tmp-dir',
    folder,
  ];
  const served = await serveWsgi('freezes:app', settings);
  await rm(folder, { recursive: true });
  const body = 'b'.repeat(200_000);
  const large = await askRaw(served, head('POST /read', `Content-Length: ${body.length}`) + body);
  assert.equal(large.status, 507);
  assert.equal(leakIn(large.raw.toString('latin1'), folder), null);
  const stuck = await served.connect();
  await stuck.send(head('GET /sleep'));
  const late = await askRaw(served, head('GET /'));
  assert.equal(late.status, 503);
  assert.equal(leakIn(late.raw.toString('latin1'), folder), null);
  await served.stop();
});

test('a leak is noticed', () => {
  const said = [
    `in ${ROOT}`,
    'Traceback (most',
    'app.py',
    'at f (x.js:1)',
    `"${SECRET}"`,
    '/proc/1',
  ];
  for (const text of said) assert.notEqual(leakIn(text, '/nowhere'), null, text);
  assert.equal(
    leakIn('HTTP/1.1 504 Gateway Timeout\r\nServer: tunicorn\r\n\r\n', '/nowhere'),
    null,
  );
});

/** What in this text only somebody on the machine should know; null when there is nothing. */
function leakIn(text: string, folder: string): string | null {
  const places = [ROOT, WSGI_APPS, NODE_APPS, folder, homedir(), dirname(PYTHON), '/proc', '/tmp'];
  const found = [...places, dirname(process.execPath), SECRET].find((place) =>
    text.includes(place),
  );
  const code = /\w\.(?:py|[cm]?[jt]s)\b|Traceback|^ +at |\bline \d+/m.exec(text)?.[0];
  return found ?? code ?? null;
}

/** A process that was taken down is replaced meanwhile: who meets that moment asks again. */
async function patient(served: Served, bytes: string): Promise<RawResponse> {
  const mayWait = !/^GET \/exit/.test(bytes);
  return eventually(async () => {
    const reply = await askRaw(served, bytes);
    return mayWait && reply.status === 502 ? null : reply;
  });
}
