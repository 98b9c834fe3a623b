// Requests that hang and what the log says of them: for the rows that hang all threads of a server and look at whoever
// comes next.

import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  eventually,
  hasRead,
  type RawClient,
  requestBytes,
  type Served,
} from '../end-to-end/serving.ts';
import { statusOf } from '../support/raw-client.ts';

/** The promise is a second after the timeout; a machine that is busy with much else gets the rest. Nobody but new threads ends the wait. */
export const SERVED_AGAIN_MS = 20_000;

/** What the log says of one overdue request, with --log-json. */
export interface OverdueRecord {
  readonly code: string;
  readonly method: string;
  readonly path: string;
  readonly client: string;
  readonly thread: string;
  readonly case: string;
  readonly age: number;
  readonly ran: number;
  readonly stack: string;
}

/** Sends a request and returns when the server has read it: it runs if a thread is free, and else waits. */
export async function begin(served: Served, path: string): Promise<RawClient> {
  const [client = assert.fail()] = await hang(served, path, 1);
  await eventually(() => hasRead(served, client), `${path} to be read`);
  return client;
}

/** Clients whose requests for this path are on their way. */
export async function hang(served: Served, path: string, count: number): Promise<RawClient[]> {
  const clients: RawClient[] = [];
  for (let at = 0; at < count; at++) {
    const client = await served.connect();
    await client.send(requestBytes('GET', path, {}));
    clients.push(client);
  }
  return clients;
}

/** The lock of the interpreter is held: none of its other threads answers either. */
export async function untilNobodyAnswers(t: TestContext, port: number): Promise<void> {
  for (let answered = true; answered; ) {
    const reply = statusOf(t, port).then(() => true);
    reply.catch(() => undefined);
    answered = await Promise.race([reply, sleep(500, false)]);
  }
}

export async function assertAllGet504(clients: readonly RawClient[]): Promise<void> {
  const replies = await Promise.all(clients.map((client) => client.readResponse()));
  assert.deepEqual(
    replies.map(({ status }) => status),
    clients.map(() => 504),
  );
}

/** The records so far. */
export function overdueRecords(served: Served): OverdueRecord[] {
  const lines = served.log().split('\n');
  const records = lines.filter((line) => /"code":"(stream-)?overdue"/.test(line));
  return records.map((line) => JSON.parse(line) as OverdueRecord);
}

/** Waits for so many records of a path and holds that each tells everything: who, where, for how long, which case. */
export async function assertRecords(
  served: Served,
  path: string,
  count: number,
  wanted: { readonly cases: readonly string[]; readonly stack: RegExp; readonly seconds: number },
): Promise<void> {
  const ofPath = (): OverdueRecord[] =>
    overdueRecords(served).filter((record) => record.path === path);
  await eventually(() => ofPath().length >= count, `${count} records of ${path}`);
  for (const record of ofPath()) {
    assert.equal(record.method, 'GET');
    assert.match(record.client, /^127\.0\.0\.1:\d+$/);
    assert.match(record.thread, /^thread \d+$/);
    assert.ok(record.age >= wanted.seconds, `${record.age} s`);
    assert.ok(wanted.cases.includes(record.case), `${record.case}: ${record.stack}`);
    if (record.stack !== '') assert.match(record.stack, wanted.stack);
  }
  // On a busy machine a thread may be ended before it has told where it is.
  assert.ok(
    ofPath().some(({ stack }) => wanted.stack.test(stack)),
    'no stack at all',
  );
}
