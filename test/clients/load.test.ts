// Programs that measure servers are strict clients, too: ab (HTTP/1.0 with keep-alive), wrk, and h2load in HTTP/1.1 mode,
// also with requests sent ahead. Every request they send must succeed; how fast is not looked at.

import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { type Served, temporaryFolder } from '../end-to-end/serving.ts';
import { KINDS, pattern, run } from './trying.ts';

const REQUESTS = 1500;

for (const [kind, serve] of Object.entries(KINDS)) {
  describe(`programs that measure and a ${kind} application`, () => {
    let served: Served;
    before(async () => {
      served = await serve();
    });
    const url = (path: string): string => `http://127.0.0.1:${served.port}${path}`;

    async function said(command: string, args: readonly string[]): Promise<string> {
      const { code, output, errors } = await run(command, args);
      assert.equal(code, 0, errors);
      return `${output}${errors}`;
    }

    test('ab with keep-alive: every request succeeds on connections that are kept', async () => {
      const text = await said('ab', [
        '-q',
        '-k',
        '-n',
        `${REQUESTS}`,
        '-c',
        '16',
        url('/bytes/999'),
      ]);
      assert.match(text, new RegExp(`^Complete requests: +${REQUESTS}$`, 'm'));
      assert.match(text, /^Failed requests: +0$/m);
      assert.match(text, new RegExp(`^Keep-Alive requests: +${REQUESTS}$`, 'm'));
      assert.match(text, new RegExp(`^HTML transferred: +${REQUESTS * 999} bytes$`, 'm'));
      assert.doesNotMatch(text, /Non-2xx/);
    });

    test('ab without keep-alive: every request succeeds, also those with a body', async () => {
      const file = join(await temporaryFolder(), 'body');
      await writeFile(file, pattern(0, 20_000));
      const post = ['-p', file, '-T', 'application/octet-stream'];
      const args = ['-q', ...post, '-n', '300', '-c', '8', url('/hash')];
      const text = await said('ab', args);
      assert.match(text, /^Complete requests: +300$/m);
      assert.match(text, /^Failed requests: +0$/m);
      assert.doesNotMatch(text, /Non-2xx|^Keep-Alive/m);
    });

    test('wrk: no socket error and no answer but 200', async () => {
      const text = await said('wrk', [
        '-t1',
        '-c16',
        '-d1s',
        '--timeout',
        '30s',
        url('/bytes/999'),
      ]);
      assert.match(text, /^ +[1-9]\d* requests in /m);
      assert.doesNotMatch(text, /Socket errors|Non-2xx/);
    });

    for (const [name, ahead] of [
      ['one at a time', '1'],
      ['eight sent ahead', '8'],
    ] as const) {
      test(`h2load in HTTP/1.1 mode, ${name}: every request succeeds`, async () => {
        const args = ['--h1', '-n', `${REQUESTS}`, '-c', '16', '-m', ahead, url('/bytes/999')];
        const text = await said('h2load', args);
        const all = `${REQUESTS} total, ${REQUESTS} started, ${REQUESTS} done, ${REQUESTS} succeeded`;
        assert.ok(text.includes(`${all}, 0 failed, 0 errored, 0 timeout`), text);
        assert.match(text, new RegExp(`status codes: ${REQUESTS} 2xx, 0 3xx, 0 4xx, 0 5xx`));
        assert.match(text, new RegExp(`\\(${REQUESTS * 999}\\) data`));
      });
    }
  });
}
