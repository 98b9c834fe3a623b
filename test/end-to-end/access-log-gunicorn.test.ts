// The access log beside Gunicorn's: both servers get the same requests, and every atom whose value does not depend on the
// moment prints the same, byte for byte. What we escape on purpose and Gunicorn does not is in observe/escape.ts.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { RawClient } from '../support/raw-client.ts';
import { startServer } from '../support/server.ts';
import { startGunicorn } from './gunicorn.ts';
import { eventually, PYTHON, temporaryFolder, WSGI_APPS } from './serving.ts';

/** Each atom of Gunicorn once; the digits of times, and what stands for the process, are masked below. */
const FORMAT = [
  ...[
    'h',
    'l',
    'u',
    't',
    'r',
    's',
    'm',
    'U',
    'q',
    'H',
    'b',
    'B',
    'f',
    'a',
    'T',
    'D',
    'M',
    'L',
    'p',
  ],
  ...['{x-one}i', '{X-TWO}i', '{x-none}i', '{content-type}o', '{Content-Length}o', '{x-none}o'],
  ...['{request_method}e', '{PATH_INFO}e', '{query_string}e', '{raw_uri}e', '{server_protocol}e'],
  ...['{remote_addr}e', '{server_name}e', '{wsgi.url_scheme}e', '{http_x_one}e', '{content_type}e'],
  ...[
    '{script_name}e',
    '{wsgi.version}e',
    '{wsgi.run_once}e',
    '{content_length}e',
    '{nothing}e',
    'nothing',
  ],
]
  .map((name) => `${name}=[%(${name})s]`)
  .join(' ');

const REQUESTS = [
  'GET / HTTP/1.1\r\nHost: x\r\n\r\n',
  'GET /a/b%20c?q=1&r=%22two%22 HTTP/1.1\r\nHost: x\r\nReferer: http://r/"q"\r\nUser-Agent: u/1 (x; y)\r\n\r\n',
  'GET /plain?x=\'y\' HTTP/1.0\r\nX-One: 1\r\nX-Two: "2"\r\n\r\n',
  'GET /?? HTTP/1.1\r\nHost: x\r\nX-One: first\r\nX-One: last\r\n\r\n',
  'POST /form HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\nContent-Length: 4\r\n\r\nbody',
  'GET /user HTTP/1.1\r\nHost: x\r\nAuthorization: Basic QWxhZGRpbjpvcGVu\r\n\r\n',
  'GET /nobody HTTP/1.1\r\nHost: x\r\nAuthorization: Basic !!!\r\n\r\n',
  'GET /bearer HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer abc\r\n\r\n',
  'OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n',
  'GET /caf%C3%A9/?\xe9 HTTP/1.1\r\nHost: x\r\nReferer: http://r/\xc3\xa9\r\nUser-Agent: caf\xc3\xa9 a\\b\r\nX-One: \xff\r\n\r\n',
  `GET /zoe HTTP/1.1\r\nHost: x\r\nAuthorization: Basic ${Buffer.from('zoé:x').toString('base64')}\r\n\r\n`,
  'GET /empty? HTTP/1.1\r\nHost: x\r\nReferer:\r\nX-One:\r\n\r\n',
];

async function linesOf(t: TestContext, port: number, log: string): Promise<string[]> {
  for (const [index, bytes] of REQUESTS.entries()) {
    const client = await RawClient.connect(t, port);
    await client.send(Buffer.from(bytes, 'latin1'));
    await client.readResponse();
    client.destroy();
    // One after the other, so that the lines have the order of the requests.
    await eventually(async () => (await lines(log)).length === index + 1, `line ${index + 1}`);
  }
  return (await lines(log)).map((line) =>
    line
      .replace(/ t=\[\[\d\d\/\w{3}\/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}\]\]/, ' t=[TIME]')
      .replace(/ T=\[\d+\] D=\[\d+\] M=\[\d+\] L=\[\d+\.\d{6}\] p=\[<\d+>\]/, ' MASKED'),
  );
}

async function lines(log: string): Promise<string[]> {
  const text = await readFile(log, 'utf8').catch(() => '');
  return text.split('\n').slice(0, -1);
}

test('every atom prints what Gunicorn prints for the same exchange', async (t) => {
  const folder = await temporaryFolder();
  const theirLog = join(folder, 'gunicorn.log');
  const port = await startGunicorn(t, [
    ...['-k', 'gthread', '--threads', '2'],
    ...['--access-logfile', theirLog, '--access-logformat', FORMAT, 'hello:app'],
  ]);
  const theirs = await linesOf(t, port, theirLog);

  const ourLog = join(folder, 'tunicorn.log');
  const server = await startServer(t, {
    app: 'hello:app',
    args: [
      ...['--python', PYTHON, '--threads', '2'],
      ...['--access-logfile', ourLog, '--access-logformat', FORMAT],
    ],
    cwd: WSGI_APPS,
  });
  const ours = await linesOf(t, server.port, ourLog);

  assert.equal(theirs.filter((line) => line.includes(' MASKED')).length, REQUESTS.length);
  for (const [index, request] of REQUESTS.entries()) {
    assert.equal(ours[index], theirs[index], JSON.stringify(request));
  }
});
