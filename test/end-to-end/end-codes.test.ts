// Who ended a request, in which state, and how long its phases took: a real exchange for each end code of the access log, on a
// WSGI and on a Node.js application. The exchanges run side by side; each is one line of the log.

import assert from 'node:assert/strict';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { END_CODES } from '../../src/connection/states/describe-end-codes.ts';
import { PROMPT_END_MS } from '../../src/connection/states/states.ts';
import {
  bytesForClient,
  eventually,
  hasRead,
  type RawClient,
  type Served,
  serveNode,
  serveWsgi,
  temporaryFolder,
} from './serving.ts';

/** Of the config file: a second DELETE of the same client is one too many. */
const LIMITS = JSON.stringify({ limits: [{ methods: 'DELETE', rate: '1/d' }] });

const FORMAT =
  '%(U)s?%(q)s %(s)s %(end)s %(code)s %(head_ms)s %(body_ms)s %(queue_ms)s %(application_ms)s %(write_ms)s';

/** Every end code that was seen, by kind, so that none of the list is left out. */
const seen = { WSGI: new Set<string>(), 'Node.js': new Set<string>() };

class Logged {
  readonly served: Served;
  readonly #file: string;
  readonly #codes: Set<string>;

  constructor(served: Served, file: string, codes: Set<string>) {
    this.served = served;
    this.#file = file;
    this.#codes = codes;
  }

  /** Sends a request for /PATH?NAME on a connection of its own. */
  async begin(path: string, name: string, rest = '\r\n', method = 'GET'): Promise<RawClient> {
    const client = await this.served.connect();
    await client.send(`${method} /${path}?${name} HTTP/1.1\r\nHost: x\r\n${rest}`);
    return client;
  }

  /** The same, and the server has read it. */
  async beginAndWait(path: string, name: string): Promise<RawClient> {
    const client = await this.begin(path, name);
    await eventually(() => hasRead(this.served, client), `${name} to be read`);
    return client;
  }

  /** The one line of that name, as it is behind it, without the times; and the times. */
  async line(name: string): Promise<{ words: string; times: (number | null)[] }> {
    const line = await eventually(async () => {
      const lines = (await readFile(this.#file, 'utf8')).split('\n');
      return lines.find((each) => each.includes(`?${name} `));
    }, `a line of ${name}`);
    const [, status, end = '', code, ...times] = line.split(' ');
    this.#codes.add(end);
    const numbers = times.map((time) => (time === '-' ? null : Number(time)));
    return { words: `${status} ${end} ${code}`, times: numbers };
  }

  async ends(name: string, words: string): Promise<void> {
    assert.equal((await this.line(name)).words, words, name);
  }
}

const KINDS = [
  { kind: 'WSGI', serve: serveWsgi, app: 'endings:app' },
  { kind: 'Node.js', serve: serveNode, app: './endings.mjs' },
] as const;

for (const { kind, serve, app } of KINDS) {
  const start = async (...args: string[]): Promise<Logged> => {
    const file = join(await temporaryFolder(), 'access.log');
    const all = [
      ...['--access-logfile', file, '--access-logformat', FORMAT, '--thread-concurrency', '1'],
      ...args,
    ];
    return new Logged(await serve(app, all), file, seen[kind]);
  };

  describe(kind, { concurrency: true }, () => {
    test('whoever ends a request, where a thread is free', async () => {
      const logged = await start(
        ...['--threads', '10', '--timeout', '1', '--stream-timeout', '1', '--write-timeout', '2'],
        ...['--proxy-protocol', 'auto'],
        ...['-c', join(await temporaryFolder({ 'limits.json': LIMITS }), 'limits.json')],
        ...[
          '--request-buffering',
          'on',
          '--head-timeout',
          '1',
          '--body-timeout',
          '1',
          '--limit-request-body',
          '1000',
        ],
      );
      await Promise.all([
        whole(logged),
        clientsThatLeave(logged, kind),
        clientsAtFault(logged),
        failures(logged, kind),
        limited(logged),
        phases(logged),
      ]);
      await (await logged.begin('die', 'dies')).readResponse();
      await logged.ends('dies', '502 AR thread-died');
    });

    test('whoever ends a request, where none is free, or no disk, or no time', async () => {
      const folder = join(await temporaryFolder(), 'bodies');
      await mkdir(folder);
      const logged = await start(
        ...['--threads', '3', '--queue-limit', '2', '--queue-timeout', '0.7', '--timeout', '30'],
        ...[
          '--request-buffering',
          'on',
          '--request-memory',
          '1k',
          '--tmp-dir',
          folder,
          '--graceful-timeout',
          '1',
        ],
      );
      await rm(folder, { recursive: true });
      await spoolFails(logged);
      const runs = await logged.beginAndWait('hang', 'runs');
      const streams = await logged.begin('steps', 'streams');
      await eventually(() => streams.receivedBytes > 200, 'pieces');
      const holds = await logged.beginAndWait('steps', 'holds');
      await queued(logged);
      holds.reset();
      await logged.ends('holds', '200 CS -');
      const stalls = await logged.begin('big-and-on', 'stalls');
      await stalls.take(1000);
      stalls.pauseReading();
      await logged.served.stop();
      await logged.ends('runs', '503 SR stopped');
      await logged.ends('streams', '200 SS stopped');
      await logged.ends('stalls', '200 SW stopped');
      for (const client of [runs, streams, stalls]) client.destroy();
    });
  });
}

test('every end code was met on both kinds, and no other', () => {
  // Those of upgraded connections are met in websocket.test.ts.
  const all = Object.keys(END_CODES)
    .filter((code) => !code.endsWith('U'))
    .sort();
  for (const { kind } of KINDS) assert.deepEqual([...seen[kind]].sort(), all, kind);
});

async function whole(logged: Logged): Promise<void> {
  const client = await logged.begin(
    'ok',
    'first',
    '\r\nGET /ok?second HTTP/1.1\r\nHost: x\r\n\r\n',
  );
  await client.readResponse();
  await client.readResponse();
  client.reset();
  await logged.ends('first', '200 -- -');
  await logged.ends('second', '200 -- -');
}

async function limited(logged: Logged): Promise<void> {
  const within = await logged.begin('ok', 'within', '\r\n', 'DELETE');
  await within.readResponse();
  const beyond = await logged.begin('ok', 'beyond', '\r\n', 'DELETE');
  assert.equal((await beyond.readResponse()).status, 429);
  await logged.ends('within', '200 -- -');
  await logged.ends('beyond', '429 CL rate-limited');
}

async function clientsThatLeave(logged: Logged, kind: string): Promise<void> {
  const leaves = await logged.beginAndWait('hang', 'leaves-running');
  leaves.reset();
  await logged.ends('leaves-running', '- CR -');

  const closes = await logged.beginAndWait('hang', 'closes-running');
  await pause(PROMPT_END_MS + 100);
  closes.destroy();
  // WSGI cannot be told, and is overdue a second after it began.
  await logged.ends('closes-running', kind === 'WSGI' ? '504 CR -' : '- CR -');

  const streams = await logged.begin('steps', 'leaves-streaming');
  await eventually(() => streams.receivedBytes > 200, 'pieces');
  streams.reset();
  await logged.ends('leaves-streaming', '200 CS -');

  const reads = await logged.begin('big', 'leaves-writing');
  reads.pauseReading();
  await eventually(stalled(logged.served, reads), 'the kernel to be full');
  reads.reset();
  await logged.ends('leaves-writing', '200 CW -');

  const stalls = await logged.begin('big', 'stalls');
  stalls.pauseReading();
  await logged.ends('stalls', '200 cW -');
  stalls.destroy();
}

/** Says, from the second look on, whether as many bytes wait in the server's kernel as at the look before. */
function stalled(served: Served, client: RawClient): () => Promise<boolean> {
  let before = 0;
  return async () => {
    const now = await bytesForClient(served, client);
    const same = now > 0 && now === before;
    before = now;
    return same;
  };
}

async function clientsAtFault(logged: Logged): Promise<void> {
  const answers = async (client: RawClient, name: string, words: string): Promise<void> => {
    await client.readResponse();
    await logged.ends(name, words);
    client.destroy();
  };
  const chunked = 'Transfer-Encoding: chunked\r\n\r\n';
  const stranger = await logged.served.connect();
  await stranger.send('PROXY nobody knows\r\n');
  await Promise.all([
    // It has asked for nothing that has a name.
    answers(stranger, '', '400 CP bad-proxy-header'),
    answers(await logged.begin('ok', 'bad-head', 'nofield\r\n\r\n'), 'bad-head', '400 CH no-colon'),
    answers(
      await logged.begin('ok', 'bad-body', `${chunked}zz\r\n`),
      'bad-body',
      '400 CB bad-chunk-size',
    ),
    answers(
      await logged.begin('ok', 'large', 'Content-Length: 1001\r\n\r\n', 'POST'),
      'large',
      '413 CB body-too-large',
    ),
    answers(await logged.begin('ok', 'slow-head', 'Us'), 'slow-head', '408 cH too-slow'),
    answers(
      await logged.begin('ok', 'slow-body', 'Content-Length: 9\r\n\r\nhalf', 'POST'),
      'slow-body',
      '408 cB too-slow',
    ),
  ]);
}

async function failures(logged: Logged, kind: string): Promise<void> {
  const ends = async (path: string, words: string): Promise<void> => {
    const client = await logged.begin(path, `fails-${path}`);
    client.pauseReading();
    await logged.ends(`fails-${path}`, words);
    client.destroy();
  };
  await Promise.all([
    ends('raise', '500 AR app-raised'),
    ends('late', kind === 'WSGI' ? '200 AS app-raised' : '200 AS app-hung-up'),
    ends('big-late', kind === 'WSGI' ? '200 AW app-raised' : '200 AW app-hung-up'),
    ends('short', '200 AR -'),
    ends('hang', '504 aR overdue'),
    ends('stall', '200 aS stream-overdue'),
  ]);
}

async function phases(logged: Logged): Promise<void> {
  const client = await logged.begin(
    'pause',
    'times',
    'Content-Length: 4\r\nExpect: 100-continue\r\n',
    'POST',
  );
  await eventually(() => hasRead(logged.served, client), 'the beginning of the head to be read');
  // The head takes as long as the rest of it is kept back, the body as long as it is.
  await new Promise((resolve) => setTimeout(resolve, 150));
  await client.send('\r\n');
  await client.readResponse();
  await new Promise((resolve) => setTimeout(resolve, 250));
  await client.send('body');
  assert.equal((await client.readResponse()).status, 200);
  const { words, times } = await logged.line('times');
  assert.equal(words, '200 -- -');
  const [head = null, body = null, queue = null, application = null, write = null] = times;
  const within = (ms: number | null, least: number) =>
    ms !== null && ms >= least && ms < least + 1000;
  const told = times.join(' ');
  assert.ok(within(head, 145) && within(body, 245) && within(application, 195), told);
  assert.ok(queue !== null && queue < 150 && write !== null && write < 150, told);
}

async function spoolFails(logged: Logged): Promise<void> {
  const rest = `Content-Length: 5000\r\n\r\n${'b'.repeat(5000)}`;
  const client = await logged.begin('ok', 'no-disk', rest, 'POST');
  assert.equal((await client.readResponse()).status, 507);
  await logged.ends('no-disk', '507 SB spool-failed');
}

/** While every thread has a request. */
async function queued(logged: Logged): Promise<void> {
  const waits = await logged.beginAndWait('ok', 'waits-in-vain');
  const leaves = await logged.beginAndWait('ok', 'leaves-the-queue');
  leaves.reset();
  await logged.ends('leaves-the-queue', '- CQ -');
  // At once, so that none of them can wait in vain before all have come.
  const burst = ['one', 'two', 'three', 'four', 'five', 'six'].map((name) => `in-a-burst-${name}`);
  const clients = await Promise.all(burst.map((name) => logged.begin('ok', name)));
  for (const client of clients) assert.equal((await client.readResponse()).status, 503);
  const lines = await Promise.all(burst.map(async (name) => (await logged.line(name)).words));
  const full = lines.filter((words) => words === '503 SQ queue-full');
  assert.ok(full.length >= burst.length - 2, lines.join(', '));
  assert.equal((await waits.readResponse()).status, 503);
  await logged.ends('waits-in-vain', '503 sQ queue-timeout');
  const { times } = await logged.line('waits-in-vain');
  const [, , queue = null, application] = times;
  assert.ok(queue !== null && queue >= 690 && application === null, times.join(' '));
}
