// Requests that hang and what the log says of them: for the rows that hang all threads of a server and look at whoever
// comes next.

import assert from 'node:assert/strict';
import { eventually, type RawClient, requestBytes, type Served } from '../end-to-end/serving.ts';

/** The promise is a second after the timeout; a busy machine gets the rest. */
export const SERVED_AGAIN_MS = 6000;

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

/** Clients whose requests for this path are under way; the server has read them. */
export async function hang(served: Served, path: string, count: number): Promise<RawClient[]> {
  const clients: RawClient[] = [];
  for (let at = 0; at < count; at++) {
    const client = await served.connect();
    await client.send(requestBytes('GET', path, {}));
    clients.push(client);
  }
  return clients;
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
