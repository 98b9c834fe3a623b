// Sends the cases of test/http1 to a whole server over a socket: each request that the case tells of reaches the
// application and is answered, what is refused gets its status and an end, and behind any doubt nothing is read as a
// request. Whoever calls this brings the server, so that both kinds of application are put to the same test.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DEFAULT_LIMITS } from '../unit/http1/feed.ts';
import { type GoldenCase, goldenCases } from '../unit/http1/golden-cases.ts';
import type { RawClient, RawResponse, Served } from './serving.ts';

const GOOD = 'GET /good HTTP/1.1\r\nHost: good\r\n\r\n';

/** What a case's events say of one request. */
interface Told {
  readonly method: string;
  readonly target: string;
  readonly keepAlive: boolean;
  body: string;
}

type Ending = 'open' | 'closed' | 'waits' | number;

interface Story {
  readonly requests: readonly Told[];
  /** Behind the last of them: open for more, closed, an unfinished request, or the status of a refusal. */
  readonly ending: Ending;
}

/** "permit_obsolete_folding", "header_map=refuse" as the command line has them. */
export function flagsOf(settings: readonly string[]): string[] {
  return settings.flatMap((text) => {
    const [name = '', value] = text.split('=');
    const flag = `--${name.replaceAll('_', '-')}`;
    return value === undefined ? [flag] : [flag, value];
  });
}

/** Tests for every case that does not need limits of its own, but for `except`. `serve` starts a server with these settings. */
export function corpusTests(
  serve: (settings: readonly string[]) => Promise<Served>,
  except: readonly string[] = [],
): void {
  const servers = new Map<string, Promise<Served>>();
  const serverFor = (settings: readonly string[]): Promise<Served> => {
    const key = settings.join(' ');
    const known = servers.get(key) ?? serve(settings);
    servers.set(key, known);
    return known;
  };
  for (const golden of goldenCases().filter(hasDefaultLimits)) {
    if (except.includes(golden.title)) continue;
    test(`over a socket: ${golden.title}`, async () => {
      const server = await serverFor(golden.settings);
      await play(await server.connect(), golden);
    });
  }
}

function hasDefaultLimits({ limits }: GoldenCase): boolean {
  const { line, fields, fieldSize, total } = limits;
  const same = line === DEFAULT_LIMITS.line && fields === DEFAULT_LIMITS.fields;
  return same && fieldSize === DEFAULT_LIMITS.fieldSize && total === undefined;
}

async function play(client: RawClient, golden: GoldenCase): Promise<void> {
  const { requests, ending } = storyOf(golden.events);
  const waits = ending === 'waits' || golden.events.length === 0;
  // The server may have closed before it has read all of what is refused.
  const sent = client.send(golden.bytes).catch(() => undefined);
  // A client that has said close sends nothing more; to one that does, the server owes no gentle end.
  if (!waits && ending !== 'closed') client.send(GOOD).catch(() => undefined);
  for (const told of requests) checkAnswer(await answerTo(client, told), told);
  await sent;
  if (waits) {
    client.end();
    await client.waitClosed();
  } else if (ending === 'open') {
    const next = await client.readResponse();
    assert.equal(next.body.toString('latin1'), 'GET /good\n', 'the next request is answered');
  } else {
    if (typeof ending === 'number') await checkRefusal(client, ending);
    assert.equal(await client.waitClosed(), 'end', 'it closes and does not reset');
  }
  assert.equal(client.unread().length, 0, 'nothing else is said');
  client.destroy();
}

/** 100 Continue may come where the body arrives in another read than its head. */
async function answerTo(client: RawClient, { method }: Told): Promise<RawResponse> {
  for (;;) {
    const response = await client.readResponse({ toHead: method === 'HEAD' });
    if (response.status !== 100) return response;
  }
}

function checkAnswer(response: RawResponse, told: Told): void {
  assert.equal(response.status, 200);
  if (told.method === 'HEAD') return;
  const expected = `${told.method} ${told.target}\n${told.body}`;
  assert.equal(response.body.toString('latin1'), expected, 'the application sees the request');
}

async function checkRefusal(client: RawClient, status: number): Promise<void> {
  const response = await client.readResponse();
  assert.equal(response.status, status);
  assert.equal(response.field('connection'), 'close');
  // The thread of a Node.js application says 417 with as few words as node:http.
  const page = status === 417 ? /^(<html>|$)/ : /^<html>/;
  assert.match(response.body.toString(), page, 'a short page of ours');
}

function storyOf(events: readonly string[]): Story {
  const requests: Told[] = [];
  let open: Told | null = null;
  let ending: Ending = 'open';
  for (const event of events) {
    const head = /^(\S+) (\S+) HTTP\/1\.[01] (keep|close)\b/.exec(event);
    const error = /^error (\d+) /.exec(event);
    if (error !== null) ending = Number(error[1]);
    else if (event.startsWith('wants more')) ending = 'waits';
    else if (event === 'end' && open !== null) {
      requests.push(open);
      if (!open.keepAlive) return { requests, ending: 'closed' };
      open = null;
    } else if (head !== null && open === null) {
      const [, method = '', target = '', keep] = head;
      open = { method, target: unescaped(target), keepAlive: keep === 'keep', body: '' };
    } else if (open !== null && event.startsWith('body ')) open.body = unescaped(event.slice(5));
  }
  // After 2xx to CONNECT comes a tunnel (RFC 9110, 9.3.6), which only its end ends.
  const tunnel = requests.findIndex(({ method }) => method === 'CONNECT');
  if (tunnel !== -1) return { requests: requests.slice(0, tunnel + 1), ending: 'closed' };
  return { requests, ending };
}

function unescaped(text: string): string {
  const names: Readonly<Record<string, string>> = { t: '\t', r: '\r', n: '\n' };
  return text.replace(/\\(?:x([0-9a-f]{2})|([trn]))/g, (_, hex: string, name: string) =>
    hex === undefined ? (names[name] ?? '') : String.fromCharCode(Number.parseInt(hex, 16)),
  );
}
