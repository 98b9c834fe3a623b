// Python's http.client and the requests package against both kinds of application; what they do stands in
// python_clients.py.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { PYTHON, ROOT, type Served } from '../end-to-end/serving.ts';
import { KINDS, pattern, run, sha256, told } from './trying.ts';

const SCRIPT = join(ROOT, 'test/clients/python_clients.py');

interface Answer {
  readonly status: number;
  readonly port: string;
  readonly bytes: number;
  readonly sha256: string;
}

for (const [kind, serve] of Object.entries(KINDS)) {
  describe(`Python's clients and a ${kind} application`, () => {
    let served: Served;
    before(async () => {
      served = await serve();
    });

    async function seen(name: string): Promise<unknown> {
      const { code, output, errors } = await run(PYTHON, [SCRIPT, `${served.port}`, name]);
      assert.equal(code, 0, errors);
      return JSON.parse(output.toString());
    }

    test('http.client keeps one connection for every kind of request', async () => {
      const answers = (await seen('kept')) as Answer[];
      assert.equal(answers.length, 20);
      assert.equal(new Set(answers.map(({ port }) => port)).size, 1, 'one connection');
      const [get, head, , pieces] = answers;
      assert.equal(get?.sha256, sha256(pattern(0, 70_000)));
      assert.deepEqual([head?.status, head?.bytes], [200, 0]);
      assert.equal(pieces?.sha256, sha256(pattern(0, 120_000)));
    });

    test('http.client sends a generator in chunks, and it arrives whole', async () => {
      const [answer, hash] = (await seen('chunks')) as [Answer, string];
      assert.deepEqual([answer.bytes, answer.sha256], [100_008, hash]);
    });

    test('http.client at HTTP/1.0 keeps its connection only when it asks for it', async () => {
      assert.deepEqual(await seen('old'), [false, true]);
    });

    test('a session of requests uploads, follows, unpacks and downloads over one connection', async () => {
      assert.deepEqual(await seen('session'), {
        streamed: told('POST', Buffer.alloc(100_000, 'z')),
        multipart: await multipartBytes(seen),
        redirected: [200, 10, 1],
        compressed: true,
        download: sha256(pattern(0, 500_000)),
        connections: 1,
      });
    });
  });
}

/** As many bytes as requests announced; the boundary is its own, so the number is taken from a run of it. */
async function multipartBytes(seen: (name: string) => Promise<unknown>): Promise<number[]> {
  const { multipart } = (await seen('session')) as { multipart: [number, number] };
  assert.equal(multipart[0], multipart[1], 'what was announced arrived');
  assert.ok(multipart[0] > 200_000);
  return multipart;
}
