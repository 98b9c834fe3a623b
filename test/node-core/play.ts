// Plays the client of a case against a server and tells what became of it, in terms that two servers can be compared by: fields
// in their order without those of the connection, bodies without their framing, whether the connection was kept.

import type { TestContext } from 'node:test';
import { eventually } from '../support/eventually.ts';
import { RawClient, type RawResponse } from '../support/raw-client.ts';
import { asking, type Case, type Peer, type Question } from './case.ts';

/** Each server has its own say about these; what they mean is compared otherwise. */
const OF_THE_CONNECTION = new Set([
  'connection',
  'keep-alive',
  'date',
  'server',
  'transfer-encoding',
  'content-length',
]);
const LONGEST_BODY = 300;

export interface Outcome {
  readonly answers: readonly unknown[];
  readonly connection: string;
  readonly notes: readonly string[];
}

export async function play(t: TestContext, port: number, one: Case): Promise<Outcome> {
  const client = await RawClient.connect(t, port);
  const answers: unknown[] = [];
  let left = false;
  const noted = async (beginning: string): Promise<void> => {
    await eventually(async () => {
      const seen = await notesOf(t, port, one.name);
      return seen.some((note) => note.startsWith(beginning));
    });
  };
  const peer: Peer = {
    send: (bytes) => client.send(bytes),
    ask: (question = {}) => client.send(requestOf(one.name, question)),
    read: async (options = {}) => {
      answers.push(await client.readResponse(options).then(meaningOf, () => 'cut off'));
    },
    arrived: async (bytes) => {
      await eventually(() => client.unread().includes(bytes));
    },
    noted,
    closed: async () => {
      await client.waitClosed();
      left = true;
    },
    pause: () => client.pauseReading(),
    resume: () => client.resumeReading(),
    end: () => client.end(),
    reset: () => {
      left = true;
      client.reset();
    },
  };
  await (one.play ?? asking({}))(peer);
  const connection = left ? 'over' : await isKept(client);
  if (one.ends !== undefined) await noted(one.ends);
  const notes = await notesOf(t, port, one.name);
  client.destroy();
  return { answers, connection, notes: one.anyOrder === true ? [...notes].sort() : notes };
}

function requestOf(name: string, question: Question): string {
  const { method = 'GET', query, version = '1.1', fields = [], body = '' } = question;
  const target = query === undefined ? `/${name}` : `/${name}?${query}`;
  const host = version === '1.1' ? ['Host: localhost'] : [];
  return [`${method} ${target} HTTP/${version}`, ...host, ...fields, '', body].join('\r\n');
}

async function isKept(client: RawClient): Promise<string> {
  try {
    await client.send('GET /-ping HTTP/1.1\r\nHost: localhost\r\n\r\n');
    return (await client.readResponse()).body.toString() === 'pong' ? 'kept' : 'something else';
  } catch {
    return 'closed';
  }
}

async function notesOf(t: TestContext, port: number, name: string): Promise<string[]> {
  const client = await RawClient.connect(t, port);
  const answer = await client.get(`/-notes/${name}`);
  client.destroy();
  return JSON.parse(answer.body.toString()) as string[];
}

function meaningOf(answer: RawResponse): unknown {
  const { version, status, reason, fields, framing, body, trailers } = answer;
  const ofThe = (name: string): string[] =>
    fields.filter(([each]) => each.toLowerCase() === name).map(([, value]) => value);
  const text = body.toString('latin1');
  return {
    line: `${version} ${status} ${reason}`,
    fields: fields.filter(([name]) => !OF_THE_CONNECTION.has(name.toLowerCase())),
    dates: status < 200 ? 0 : ofThe('date').length,
    // How its end is told is the server's: by a length, where it is known, instead of one chunk or the end of the connection.
    framing: framing === 'none' ? 'none' : 'a body',
    length: framing === 'none' ? ofThe('content-length') : [],
    body: text.length > LONGEST_BODY ? `${text.length} bytes` : text,
    trailers,
  };
}
