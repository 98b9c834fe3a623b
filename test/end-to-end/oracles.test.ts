// Gunicorn and Waitress, as Debian has them, get the same bytes over a socket as we do: what they make of the first
// request of every case, and where that is something else, the pages in test/http1/oracles say why.

import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { assertExplained, type Compared } from '../support/differences.ts';
import { Program } from '../support/program.ts';
import { RawClient } from '../support/raw-client.ts';
import { type Reading, readingOf, readRequest } from '../support/reading.ts';
import { type GoldenCase, goldenCases } from '../unit/http1/golden-cases.ts';
import { startGunicorn } from './gunicorn.ts';
import { eventually, hasRead, PYTHON, WSGI_APPS } from './serving.ts';

const GOOD = 'GET /good HTTP/1.1\r\nHost: good\r\nConnection: close\r\n\r\n';
/** Most are answered within this; whatever is not is looked at closely. */
const SOON_MS = 50;
/** Most of the time answers are waited for: so many share the cases. */
const AT_ONCE = 4;
const WAITS: Reading = { requests: [], ending: 'waits' };

const cases = goldenCases().filter(
  (golden) => golden.settings.length === 0 && firstOf(readingOf(golden.events)) !== WAITS,
);

assert.ok(cases.length > 400, `${cases.length} cases`);

const share = Math.ceil(cases.length / AT_ONCE);
const parts = Array.from({ length: AT_ONCE }, (_, index) =>
  cases.slice(index * share, (index + 1) * share),
);

test('where Gunicorn 20.1 reads otherwise is explained, one by one, and nothing else is', async (t) => {
  const port = await startGunicorn(t, ['-w', `${AT_ONCE}`, '-t', '5', 'tell_request:app']);
  const compareWith = (part: readonly GoldenCase[]): Promise<Compared[]> =>
    compareAll(t, port, part, (client, toHead) => {
      // The client's end tells it that no more comes: what is not a whole request by then is given up. Where it reads
      // on for ever all the same, its own arbiter ends it.
      client.end();
      return firstAnswer(client, toHead);
    });
  assertExplained('gunicorn', (await Promise.all(parts.map(compareWith))).flat());
});

test('where Waitress 2.1 reads otherwise is explained, one by one, and nothing else is', async (t) => {
  const script =
    'import waitress, tell_request as t; s = waitress.create_server(t.app, host="127.0.0.1", port=0, threads=1); ' +
    'print("port", s.effective_port, flush=True); s.run()';
  const compareWith = async (part: readonly GoldenCase[]): Promise<Compared[]> => {
    const server = new Program(t, { command: PYTHON, args: ['-c', script], cwd: WSGI_APPS });
    const port = Number((await server.line(/port (\d+)/))[1]);
    return compareAll(t, port, part, (client, toHead) => {
      // It drops the answer to a client that has ended. Its one thread works in order: when it has read all, later
      // requests of others have been answered twice and this one has not, it waits for more.
      const answer = firstAnswer(client, toHead);
      const later = async (): Promise<Reading> => {
        await sleep(SOON_MS);
        await eventually(() => client.receivedBytes > 0 || hasRead({ port }, client));
        await goodAnswer(t, port);
        await goodAnswer(t, port);
        return client.receivedBytes > 0 ? answer : WAITS;
      };
      return Promise.race([answer, later()]);
    });
  };
  assertExplained('waitress', (await Promise.all(parts.map(compareWith))).flat());
});

/** The first request, or what came instead of one. */
function firstOf({ requests, ending }: Reading): Reading {
  const [first] = requests;
  if (first === undefined)
    return ending === 'waits' || ending === '' ? WAITS : { requests, ending };
  return { requests: [first], ending: '' };
}

async function compareAll(
  t: TestContext,
  port: number,
  part: readonly GoldenCase[],
  read: (client: RawClient, toHead: boolean) => Promise<Reading>,
): Promise<Compared[]> {
  const compared: Compared[] = [];
  for (const golden of part) {
    const client = await RawClient.connect(t, port);
    await client.send(golden.bytes).catch(() => undefined);
    const here = firstOf(readingOf(golden.events));
    const there = await read(client, here.requests[0]?.method === 'HEAD').catch((error) => {
      throw new Error(`${golden.title}: ${error}`);
    });
    client.destroy();
    compared.push({ title: golden.title, here: comparable(here), there: comparable(there) });
  }
  return compared;
}

/** HEAD has no body that could tell what was seen. */
function comparable(reading: Reading): Reading {
  const [first] = reading.requests;
  if (first?.method !== 'HEAD') return reading;
  return { requests: [{ method: 'HEAD', target: '', body: '' }], ending: '' };
}

/** Read less strictly than our own answers: the version is whatever the request named. */
async function firstAnswer(client: RawClient, toHead: boolean): Promise<Reading> {
  let text = '';
  for (;;) {
    const head = await client.takeThrough('\r\n\r\n').catch(() => null);
    // Closed without an answer.
    if (head === null) return { requests: [], ending: 'refuses silently' };
    text += head.toString('latin1');
    const [, status, length] =
      /^HTTP\/\d\.\d (\d+) .*?\r\n(?:.*\r\n)*?content-length: (\d+)\r\n(?:.*\r\n)*?\r\n$/i.exec(
        text,
      ) ?? [];
    if (/^HTTP\/1\.1 100 .*\r\n\r\n$/.test(text)) text = '';
    if (status === undefined) continue;
    if (status !== '200') return { requests: [], ending: `refuses ${status}` };
    if (toHead) return { requests: [readRequest('HEAD', '', '')], ending: '' };
    const told = (await client.take(Number(length))).toString('latin1');
    const [, method = '', target = '', body = ''] = /^(\S+) (\S*)\n(.*)$/s.exec(told) ?? [];
    return { requests: [readRequest(method, target, body)], ending: '' };
  }
}

async function goodAnswer(t: TestContext, port: number): Promise<void> {
  const client = await RawClient.connect(t, port);
  await client.send(GOOD);
  assert.equal((await client.readResponse()).status, 200);
  client.destroy();
}
