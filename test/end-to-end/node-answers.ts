// What both forms of a Node.js application, (req, res) and fetch(request), are asked in the tests: what they saw of a
// request, whether a body comes back unchanged, whether they go on after an error.

import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { ask, json, type Question, type RawResponse, type Served } from './serving.ts';

/** What /seen of every form tells of its request. */
export interface Seen {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Of the body. */
  readonly bytes: number;
}

export async function seenBy<S extends Seen>(
  server: Served,
  path: string,
  question: Question,
): Promise<S> {
  return json(await ask(server, path, question)) as S;
}

/** A body of so many bytes comes back from /echo as it was, with a length and chunked. */
export async function assertEchoed(server: Served, bytes: number): Promise<void> {
  const body = randomBytes(bytes);
  for (const chunked of [false, true]) {
    const reply = await ask(server, '/echo', { method: 'POST', body, chunked });
    assert.equal(sha256(reply.body), sha256(body));
  }
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** Three errors and an answer, all on one connection. */
export async function assertGoesOnAfter500(
  server: Served,
  path: string,
  check: (reply: RawResponse) => void = () => {},
): Promise<void> {
  const client = await server.connect();
  for (let round = 0; round < 3; round++) {
    const reply = await client.get(path);
    assert.equal(reply.status, 500);
    check(reply);
  }
  assert.equal((await client.get('/')).status, 200);
}
