// The access log: every atom of Gunicorn's format, what a client cannot forge, and mistakes told at the start.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import {
  AccessFormatError,
  compileAccessFormat,
  defaultAccessFormat,
} from '../../../src/observe/access-format.ts';
import { accessJson, createAccessLog } from '../../../src/observe/access-log.ts';
import type { AccessRecord } from '../../../src/observe/access-record.ts';
import { LogFileError } from '../../../src/observe/log-file.ts';

const time = '[24/Nov/2026:21:59:19 +0000]';

interface Changes {
  readonly head?: Partial<AccessRecord['head']>;
  readonly peer?: Partial<AccessRecord['peer']>;
  readonly rest?: Partial<Omit<AccessRecord, 'head' | 'peer'>>;
}

function record({ head, peer, rest }: Changes = {}): AccessRecord {
  return {
    peer: {
      address: '192.0.2.7',
      port: 51234,
      serverName: '127.0.0.1',
      serverPort: 8000,
      scheme: 'http',
      ...peer,
    },
    head: {
      method: 'GET',
      target: '/caf%C3%A9%20one?a=1&b=2',
      path: '/caf%C3%A9%20one',
      query: 'a=1&b=2',
      minorVersion: 1,
      fields: [
        'Host',
        'x',
        'User-Agent',
        'curl/8',
        'Referer',
        'http://r/',
        'X-Two',
        'a',
        'x-two',
        'b',
      ],
      ...head,
    },
    status: '200 OK',
    replyFields: 'Content-Type: text/plain\r\nX-App: one\r\nx-app:  two \r\n',
    bodyBytes: 1234,
    durationMs: 1621.0354,
    endCode: 'aR',
    failureCode: 'overdue',
    phases: { headMs: 0.5, bodyMs: 0, queueMs: 20.12345, applicationMs: 1600, writeMs: null },
    ...rest,
  };
}

function line(format: string, changes: Changes = {}): string {
  return compileAccessFormat(format)(record(changes), time);
}

test('the default format gives the line that Gunicorn gives', () => {
  assert.equal(
    line(defaultAccessFormat),
    `192.0.2.7 - - ${time} "GET /caf%C3%A9%20one?a=1&b=2 HTTP/1.1" 200 1234 "http://r/" "curl/8"`,
  );
});

const atoms: readonly (readonly [string, string])[] = [
  ['h', '192.0.2.7'],
  ['l', '-'],
  ['u', '-'],
  ['t', time],
  ['r', 'GET /caf%C3%A9%20one?a=1&b=2 HTTP/1.1'],
  ['s', '200'],
  ['m', 'GET'],
  ['U', '/cafÃ© one'],
  ['q', 'a=1&b=2'],
  ['H', 'HTTP/1.1'],
  ['b', '1234'],
  ['B', '1234'],
  ['f', 'http://r/'],
  ['a', 'curl/8'],
  ['T', '1'],
  ['D', '1621035'],
  ['M', '1621'],
  ['L', '1.621035'],
  ['p', `<${process.pid}>`],
  ['end', 'aR'],
  ['code', 'overdue'],
  ['head_ms', '0.500'],
  ['body_ms', '0.000'],
  ['queue_ms', '20.123'],
  ['application_ms', '1600.000'],
  ['write_ms', '-'],
  ['{Host}i', 'x'],
  ['{X-TWO}i', 'b'],
  ['{missing}i', '-'],
  ['{x-app}o', 'two'],
  ['{content-type}o', 'text/plain'],
  ['{type}o', '-'],
  ['{REQUEST_METHOD}e', 'GET'],
  ['{PATH_INFO}e', '/cafÃ© one'],
  ['{QUERY_STRING}e', 'a=1&b=2'],
  ['{RAW_URI}e', '/caf%C3%A9%20one?a=1&b=2'],
  ['{SERVER_PROTOCOL}e', 'HTTP/1.1'],
  ['{REMOTE_ADDR}e', '192.0.2.7'],
  ['{REMOTE_PORT}e', '51234'],
  ['{SERVER_NAME}e', '127.0.0.1'],
  ['{SERVER_PORT}e', '8000'],
  ['{wsgi.url_scheme}e', 'http'],
  ['{HTTP_USER_AGENT}e', 'curl/8'],
  ['{CONTENT_TYPE}e', '-'],
  ['{anything}e', '-'],
  ['unknown', '-'],
  ['constructor', '-'],
  ['{constructor}e', '-'],
];
for (const [name, expected] of atoms) {
  test(`the atom ${name} is ${expected.replace(/<\d+>/, '<PID>')}`, () => {
    assert.equal(line(`<%(${name})s>`), `<${expected}>`);
  });
}

test('what is empty or missing is a dash, a body of nothing is 0 and an empty query is empty', () => {
  const bare = { head: { fields: [], query: '', path: '' }, peer: { address: '', port: 0 } };
  const rest = { bodyBytes: 0, status: '', replyFields: '' };
  const format = '%(h)s %(U)s %(f)s %(a)s %(s)s %(b)s ?%(q)s %({x}o)s %({remote_port}e)s';
  assert.equal(line(format, { ...bare, rest }), '- - - - - 0 ? - -');
});

test('what proxies say is shown as the environ has it', () => {
  const head = {
    path: '/shop/a%20b',
    fields: ['SCRIPT_NAME', '/shop', 'X_Many', 'one', 'X-Many', 'two'],
    forwarded: { scriptName: '/shop' },
  };
  const server = { address: '198.51.100.1', port: 443 };
  const peer = { introduction: { protocol: 'TCP4', server } };
  assert.equal(line('%(U)s %({path_info}e)s %({script_name}e)s', { head }), '/a b /a b /shop');
  assert.equal(line('%({http_script_name}e)s %({http_x_many}e)s', { head }), '/shop one,two');
  const proxy = '%({proxy_protocol}e)s %({proxy_addr}e)s %({proxy_port}e)s';
  assert.equal(line(proxy, { peer }), 'TCP4 198.51.100.1 443');
  assert.equal(
    line(proxy, { peer: { introduction: { protocol: 'LOCAL', server: null } } }),
    'LOCAL - -',
  );
  assert.equal(line(`%({script_name}e)s ${proxy}`), ' - - -');
});

test('the user of Basic credentials is shown, other credentials are not', () => {
  const user = (value: string) => line('%(u)s', { head: { fields: ['authorization', value] } });
  assert.equal(user(`Basic ${Buffer.from('jo e:secret').toString('base64')}`), 'jo e');
  assert.equal(user(`basic ${Buffer.from('jo\n:x').toString('base64')}`), 'jo\\x0a');
  assert.equal(user(`Basic ${Buffer.from('zoé:x').toString('base64')}`), 'zoé');
  assert.equal(user(`Basic ${Buffer.from('zo\xe9:x', 'latin1').toString('base64')}`), '-');
  assert.equal(user(`Basic ${Buffer.from('nocolon').toString('base64')}`), '-');
  assert.equal(user('Basic ***'), '-');
  assert.equal(user('Bearer abc'), '-');
});

test('variables that the record brings along are found in any case', () => {
  const rest = { variables: { 'tunicorn.thread': 'thread 2' } };
  assert.equal(line('%({Tunicorn.Thread}e)s', { rest }), 'thread 2');
});

test('nothing that a client sends ends a line, closes a quotation or reaches the terminal', () => {
  const evil = 'a"b\\\r\n\x1b[31m\x00\x7f\x9b\xe9\t';
  const shown = 'a\\"b\\\\x0d\\x0a\\x1b[31m\\x00\\x7f\\x9bé\\x09';
  const head = {
    target: evil,
    path: '/%0a%22',
    query: evil,
    method: evil,
    fields: ['User-Agent', evil, 'Referer', evil],
  };
  assert.equal(line('%(a)s', { head }), shown);
  assert.equal(line('%(f)s', { head }), shown);
  assert.equal(line('%({user-agent}i)s', { head }), shown);
  assert.equal(line('%(q)s', { head }), shown);
  assert.equal(line('%(m)s', { head }), shown);
  assert.equal(line('%(r)s', { head }), `${shown} ${shown} HTTP/1.1`);
  assert.equal(line('%(U)s', { head }), '/\\x0a\\"');
  assert.equal(line('%(h)s', { peer: { address: evil } }), shown);
  assert.equal(line('%({x}o)s', { rest: { replyFields: 'x: \x1b"\r\n' } }), '\\x1b\\"');
  // A backslash is as Gunicorn prints it, but where it would open what is closed.
  for (const [sent, printed] of [
    ['a\\b\\n', 'a\\b\\n'],
    ['a\\"', 'a\\\\\\"'],
    ['a\\', 'a\\\\'],
  ] as const) {
    assert.equal(line('%(a)s', { head: { fields: ['User-Agent', sent] } }), printed);
  }
});

test('Python widths, precisions and numbers are understood, and %% is a percent sign', () => {
  assert.equal(line('%(m)6s|%(m)-6s|%(a).2s|100%%'), '   GET|GET   |cu|100%');
  assert.equal(line('%(T)d %(M)8d %(D)010i %(B)-6d|'), '1     1621 0001621035 1234  |');
});

test('a format with a mistake is refused, with the place', () => {
  for (const [format, place] of [
    ['%(h)s %s', 'character 7'],
    ['%', 'character 1'],
    ['%(h', 'character 1'],
    ['%(h)', 'character 1'],
    ['%(h)d', '%(h)d is no number'],
    ['%(T)x', '%(T)x must end in s'],
    ['50% of %(h)s', 'character 3'],
  ] as const) {
    assert.throws(
      () => compileAccessFormat(format),
      (error) => error instanceof AccessFormatError && error.message.includes(place),
      format,
    );
  }
});

test('JSON lines tell the same, with null for what is missing', () => {
  const now = new Date('2026-11-24T21:59:19.123Z');
  const rest = { variables: { 'tunicorn.thread': 'thread 2', method: 'FORGED' } };
  assert.deepEqual(JSON.parse(accessJson(record({ peer: { address: '' }, rest }), now)), {
    time: '2026-11-24T21:59:19.123Z',
    pid: process.pid,
    remote_address: null,
    user: null,
    method: 'GET',
    target: '/caf%C3%A9%20one?a=1&b=2',
    protocol: 'HTTP/1.1',
    status: 200,
    body_bytes: 1234,
    duration_ms: 1621.035,
    head_ms: 0.5,
    body_ms: 0,
    queue_ms: 20.123,
    application_ms: 1600,
    write_ms: null,
    end: 'aR',
    code: 'overdue',
    referer: 'http://r/',
    user_agent: 'curl/8',
    'tunicorn.thread': 'thread 2',
  });
});

function folder(t: TestContext): string {
  const directory = fs.mkdtempSync(join(tmpdir(), 'tunicorn-access-test-'));
  t.after(() => fs.rmSync(directory, { recursive: true }));
  return directory;
}

test('lines are in the file after flush, and in the new one after a rotation', (t) => {
  const path = join(folder(t), 'access.log');
  const log = createAccessLog({ destination: path, format: '%(m)s %(t)s', json: false });
  log.write(record());
  log.write(record({ head: { method: 'PUT' } }));
  log.flush();
  const day = String.raw`\[\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}\]`;
  assert.match(fs.readFileSync(path, 'utf8'), new RegExp(`^GET ${day}\nPUT ${day}\n$`));

  fs.renameSync(path, `${path}.1`);
  log.write(record({ head: { method: 'OLD' } }));
  log.reopen();
  log.write(record({ head: { method: 'NEW' } }));
  log.flush();
  assert.match(fs.readFileSync(path, 'utf8'), /^NEW [^\n]*\n$/);
  log.close();
});

test('a rotation whose file became a folder is told without a dot, because more follows', (t) => {
  const path = join(folder(t), 'access.log');
  const log = createAccessLog({ destination: path, format: '%(m)s', json: false });
  const told: string[] = [];
  log.onTrouble = (message) => told.push(message);
  fs.renameSync(path, `${path}.1`);
  fs.mkdirSync(path);
  log.reopen();
  log.close();
  assert.match(told.join('|'), /^Cannot write the log [^|]* illegal operation on a directory$/);
});

test('a file that cannot be opened is a clear error at the start', () => {
  const options = { destination: '/not/there/access.log', format: '%(m)s', json: true };
  assert.throws(
    () => createAccessLog(options),
    (error) => error instanceof LogFileError && error.message.includes('/not/there/access.log'),
  );
});
