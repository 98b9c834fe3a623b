// `tunicorn explain` as people run it, held against a server with the same settings: for each request the command says what
// the server then does. Without the second half it could say anything.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { before, type TestContext, test } from 'node:test';
import { explain } from '../../src/explain/explain.ts';
import { takeQuestion } from '../../src/explain/options.ts';
import { resolveSettings } from '../../src/settings/resolve.ts';
import { Program } from '../support/program.ts';
import { RawClient, type RawResponse, type Target } from '../support/raw-client.ts';
import { commandPath } from '../support/server.ts';
import {
  json,
  requestBytes,
  type Served,
  serveWsgi,
  temporaryFolder,
  WSGI_APPS,
} from './serving.ts';

const PROXY = '127.0.0.9';
const STRANGER = '127.0.0.8';
/** Who may not come by itself: a proxy, and somebody who is none. */
const DENIED_PROXY = '127.0.0.11';
const DENIED = '127.0.0.12';

/** Its path. */
let config: string;
let served: Served;

before(async () => {
  const folder = await temporaryFolder({
    'tunicorn.config.json': [
      '{',
      `  "forwarded_allow_ips": "${PROXY},${DENIED_PROXY}", "forwarded_for": true,`,
      `  "deny": ["${DENIED_PROXY}", "${DENIED}"],`,
      '  "limit_request_fields": 6, "limit_request_line": 100, "limit_request_body": 1000,',
      '  "health_path": "/healthz",',
      '  "limits": [{ "path": "/login", "methods": "POST", "rate": "1/h", "name": "login" }]',
      '}',
    ].join('\n'),
  });
  config = join(folder, 'tunicorn.config.json');
  served = await serveWsgi('tell_environ:app', ['-c', config]);
});

interface Asked {
  readonly from: string;
  readonly method?: string;
  readonly path?: string;
  readonly fields?: readonly string[];
}

function wordsOf({ from, method = 'GET', path = '/', fields = [] }: Asked): readonly string[] {
  const words = ['--method', method, '--path', path, '--from', from];
  return [...words, ...fields.flatMap((field) => ['--header', field])];
}

async function command(t: TestContext, args: readonly string[]): Promise<string> {
  const program = new Program(t, {
    command: process.execPath,
    args: [commandPath, 'explain', '-c', config, ...args],
    cwd: WSGI_APPS,
  });
  assert.deepEqual(await program.exited, { code: 0, signal: null });
  return program.standardOutput();
}

/** Null: the connection was reset, perhaps before we knew that there is one. */
async function answered(
  t: TestContext,
  to: Target,
  bytes: Uint8Array,
): Promise<RawResponse | null> {
  try {
    const client = await RawClient.connect(t, to);
    await client.send(bytes);
    return await client.readResponse();
  } catch (error) {
    if (/reset|ECONNRESET|EPIPE/.test(String(error))) return null;
    throw error;
  }
}

const FORWARDED = ['X-Forwarded-For: 198.51.100.7', 'X-Forwarded-Proto: https'];

test('explain says of each request what the server does with it', async (t) => {
  const cases: readonly Asked[] = [
    { from: PROXY, fields: FORWARDED },
    { from: STRANGER, fields: FORWARDED },
    { from: STRANGER, path: `/${'x'.repeat(100)}` },
    { from: STRANGER, fields: ['a: 1', 'b: 2', 'c: 3', 'd: 4', 'e: 5', 'f: 6'] },
    { from: STRANGER, method: 'POST', fields: ['Content-Length: 1001'] },
    { from: PROXY, fields: ['X-Forwarded-Proto: https', 'X-Forwarded-SSL: off'] },
    { from: STRANGER, path: '/healthz' },
    { from: DENIED },
    { from: DENIED, path: '/healthz' },
    { from: PROXY, fields: [`X-Forwarded-For: ${DENIED}`] },
    { from: DENIED_PROXY },
    { from: DENIED_PROXY, fields: FORWARDED },
    { from: DENIED_PROXY, path: '/healthz' },
  ];
  const start = { argv: ['-c', config, 'tell_environ:app'], env: process.env, cwd: WSGI_APPS };
  const resolved = await resolveSettings(start);
  for (const asked of cases) {
    const { from, method = 'GET', path = '/', fields = [] } = asked;
    const told = explain(resolved, takeQuestion(wordsOf(asked)).own.question);
    const to = { host: '127.0.0.1', port: served.port, localAddress: from };
    const reply = await answered(t, to, requestBytes(method, path, { fields }));
    const status = told.answer === null ? 200 : told.answer.status;
    assert.equal(status, reply?.status ?? null, JSON.stringify(asked));
    if (told.answer !== null || reply === null) continue;
    const environ = json(reply) as { readonly [name: string]: unknown };
    const seen = { address: environ['REMOTE_ADDR'], scheme: environ['wsgi.url_scheme'] };
    assert.deepEqual({ address: told.client.address, scheme: told.client.scheme }, seen);
  }
});

test('a rate that explain names refuses the second such request, and no other', async (t) => {
  const start = { argv: ['-c', config, 'tell_environ:app'], env: process.env, cwd: WSGI_APPS };
  const resolved = await resolveSettings(start);
  const to = { host: '127.0.0.1', port: served.port, localAddress: STRANGER };
  const client = await RawClient.connect(t, to);
  for (const [method, path, isLimited] of [
    ['POST', '/login', true],
    ['GET', '/login', false],
    ['POST', '/', false],
  ] as const) {
    const { question } = takeQuestion(wordsOf({ from: STRANGER, method, path })).own;
    const named = explain(resolved, question).rules.filter(({ setting }) => setting === 'limits');
    assert.equal(named.length, isLimited ? 1 : 0, `${method} ${path}`);
    const statuses: number[] = [];
    for (let times = 0; times < 2; times++) {
      await client.send(requestBytes(method, path, {}));
      statuses.push((await client.readResponse()).status);
    }
    assert.deepEqual(statuses, [200, isLimited ? 429 : 200], `${method} ${path}`);
  }
});

test('the command says so in words, with the line of the config file that set it, and as JSON', async (t) => {
  const asked = [...wordsOf({ from: PROXY, fields: FORWARDED }), 'tell_environ:app'];
  const [text, told] = await Promise.all([command(t, asked), command(t, ['--json', ...asked])]);
  assert.match(text, /^GET \/ from 127\.0\.0\.9\n {2}client: 198\.51\.100\.7, https\n/);
  assert.match(text, /answered by: tell_environ:app \(WSGI\)/);
  assert.match(text, /limit_request_fields = 6 fields {2}# \S+tunicorn\.config\.json:4\n/);
  assert.deepEqual(JSON.parse(told).client, {
    address: '198.51.100.7',
    scheme: 'https',
    scriptName: null,
  });
});
