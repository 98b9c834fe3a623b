// wget against both kinds of application: one connection for several files, uploads, redirects, and resuming.

import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { type Served, temporaryFolder } from '../end-to-end/serving.ts';
import { type Ended, KINDS, pattern, run, told } from './trying.ts';

async function wget(...args: string[]): Promise<Ended> {
  const ended = await run('wget', ['--no-config', '--tries=1', '--no-proxy', ...args]);
  assert.equal(ended.code, 0, `wget ${args.join(' ')}: ${ended.errors}`);
  return ended;
}

for (const [kind, serve] of Object.entries(KINDS)) {
  describe(`wget and a ${kind} application`, () => {
    let served: Served;
    const url = (path: string): string => `http://127.0.0.1:${served.port}${path}`;
    before(async () => {
      served = await serve();
    });

    test('several files come over one connection, with a length and without', async () => {
      const urls = ['/bytes/100000', '/pieces/120000', '/bytes/5'].map(url);
      const { output, errors } = await wget('--output-document=-', ...urls);
      const whole = [pattern(0, 100_000), pattern(0, 120_000), pattern(0, 5)];
      assert.deepEqual(output, Buffer.concat(whole));
      assert.equal(errors.match(/Reusing existing connection/g)?.length, 2, errors);
    });

    test('a file is posted whole', async () => {
      const file = join(await temporaryFolder(), 'body');
      await writeFile(file, pattern(0, 1_500_000));
      const { output } = await wget('--quiet', '-O-', `--post-file=${file}`, url('/hash'));
      assert.deepEqual(JSON.parse(output.toString()), told('POST', pattern(0, 1_500_000)));
    });

    test('a redirect is followed on the same connection', async () => {
      const { output, errors } = await wget('--output-document=-', url('/redirect'));
      assert.deepEqual(output, pattern(0, 10));
      assert.match(errors, /Reusing existing connection/);
    });

    test('a file that was begun is resumed', async () => {
      const file = join(await temporaryFolder(), 'part');
      await writeFile(file, pattern(0, 33_333));
      await wget('--continue', `--output-document=${file}`, url('/bytes/100000'));
      assert.deepEqual(await readFile(file), pattern(0, 100_000));
    });

    test('asked for the head alone, it gets no body', async () => {
      const { errors } = await wget('--spider', '--server-response', url('/bytes/4321'));
      assert.match(errors, /HTTP\/1\.1 200 OK[\s\S]*Content-Length: 4321/i);
    });
  });
}
