// curl against both kinds of application: uploads in chunks and with Expect, connections kept and counted by curl itself,
// HTTP/1.0, HEAD, compression, ranges, and a refusal that reaches a client which is still sending.

import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { type Served, temporaryFolder } from '../end-to-end/serving.ts';
import { type Ended, KINDS, pattern, run, told } from './trying.ts';

/** More than one read, more than the memory that a request body may take, and no whole number of anything. */
const LARGE = pattern(0, 3_000_001);

async function curl(args: readonly string[], input?: Buffer): Promise<Ended> {
  const ended = await run('curl', ['--disable', '--silent', '--show-error', ...args], input);
  assert.equal(ended.code, 0, `curl ${args.join(' ')}: ${ended.errors}`);
  return ended;
}

for (const [kind, serve] of Object.entries(KINDS)) {
  describe(`curl and a ${kind} application`, () => {
    let served: Served;
    const url = (path: string): string => `http://127.0.0.1:${served.port}${path}`;
    before(async () => {
      served = await serve();
    });

    test('several URLs go over one connection', async () => {
      const paths = ['/bytes/100', '/pieces/120000', '/bytes/0', '/gzip', '/bytes/70000'];
      const folder = await temporaryFolder();
      const args = paths.flatMap((path, n) => ['--output', join(folder, `${n}`), url(path)]);
      const { output } = await curl(['--write-out', '%{http_code} %{num_connects}\n', ...args]);
      assert.equal(output.toString(), '200 1\n200 0\n200 0\n200 0\n200 0\n');
      assert.deepEqual(await readFile(join(folder, '1')), pattern(0, 120_000));
      assert.deepEqual(await readFile(join(folder, '4')), pattern(0, 70_000));
    });

    test('an upload from standard input goes in chunks and arrives whole', async () => {
      const args = ['--upload-file', '-', '--header', 'Transfer-Encoding: chunked', url('/hash')];
      const { output } = await curl(args, LARGE);
      assert.deepEqual(JSON.parse(output.toString()), told('PUT', LARGE));
    });

    test('Expect: 100-continue is answered before a large body, and the body arrives whole', async () => {
      const args = ['--verbose', '--expect100-timeout', '60', '--header', 'Expect: 100-continue'];
      const { output, errors } = await curl([...args, '--data-binary', '@-', url('/hash')], LARGE);
      assert.match(errors, /^< HTTP\/1\.1 100 Continue/m);
      assert.deepEqual(JSON.parse(output.toString()), told('POST', LARGE));
    });

    test('a body that the application does not read is no trouble for it or the next request', async () => {
      const args = ['--write-out', ' %{http_code} %{num_connects} ', '--data-binary', '@-'];
      const rest = [url('/ignore'), '--next', '--silent', '--output', '-', url('/bytes/3')];
      const { output } = await curl([...args, ...rest], pattern(0, 100_000));
      assert.match(output.toString('latin1'), /^ignored 200 1 /);
      assert.deepEqual(output.subarray(-3), pattern(0, 3));
    });

    test('HTTP/1.0 gets no chunks, and keeps its connection only when it asks for it', async () => {
      const whole = await curl(['--http1.0', '--include', url('/pieces/120000')]);
      const head = whole.output.toString('latin1').split('\r\n\r\n', 1)[0] ?? '';
      assert.doesNotMatch(head, /Transfer-Encoding/i);
      assert.deepEqual(whole.output.subarray(head.length + 4), pattern(0, 120_000));
      const counts = ['--http1.0', '--write-out', '%{num_connects} ', '--output', '/dev/null'];
      const twice = ['--output', '/dev/null', url('/bytes/9'), url('/bytes/9')];
      const closed = await curl([...counts, ...twice]);
      assert.equal(closed.output.toString(), '1 1 ');
      const kept = await curl([...counts, '--header', 'Connection: keep-alive', ...twice]);
      assert.equal(kept.output.toString(), '1 0 ');
    });

    test('HEAD gets a head, no body, and the connection goes on', async () => {
      const counts = ['--write-out', '\n%{http_code} %{size_download} %{num_connects}\n'];
      const args = [...counts, '--head', url('/bytes/70000'), url('/pieces/9')];
      const { output } = await curl([...args, '--next', ...counts, '--silent', url('/gzip')]);
      const text = output.toString('latin1');
      assert.match(text, /Content-Length: 70000\r\n/i);
      assert.deepEqual(text.match(/^200 \d+ \d$/gm), ['200 0 1', '200 0 0', '200 5500 0']);
    });

    test('--compressed is unpacked, and without it the text is plain', async () => {
      const packed = await curl(['--compressed', '--write-out', '%{size_download}', url('/gzip')]);
      const text = packed.output.toString();
      assert.ok(text.startsWith('compressed '.repeat(500)));
      assert.ok(Number(text.slice(5500)) < 500, 'it came compressed');
      const plain = await curl([url('/gzip')]);
      assert.equal(plain.output.toString(), 'compressed '.repeat(500));
    });

    test('a range is given, and an interrupted download is resumed', async () => {
      const range = await curl(['--range', '1000-70999', url('/bytes/100000')]);
      assert.deepEqual(range.output, pattern(1000, 71_000));
      const file = join(await temporaryFolder(), 'part');
      await writeFile(file, pattern(0, 12_345));
      await curl(['--continue-at', '-', '--output', file, url('/bytes/100000')]);
      assert.deepEqual(await readFile(file), pattern(0, 100_000));
    });

    test('fifty URLs at a time arrive whole', async () => {
      const folder = await temporaryFolder();
      const size = 30_000;
      const urls = Array.from({ length: 50 }, (_, n) => n);
      const args = urls.flatMap((n) => [
        '--output',
        join(folder, `${n}`),
        url(`/pieces/${size + n}`),
      ]);
      await curl(['--parallel', '--parallel-max', '16', ...args]);
      for (const n of urls) {
        assert.deepEqual(await readFile(join(folder, `${n}`)), pattern(0, size + n), `URL ${n}`);
      }
    });
  });

  test(`curl hears why a ${kind} server refuses its body, while it still sends`, async () => {
    const served = await serve('--limit-request-body', '1000000');
    const args = ['--write-out', ' %{http_code}', '--data-binary', '@-'];
    const target = `http://127.0.0.1:${served.port}/hash`;
    for (const more of [
      ['--header', 'Expect:'],
      ['--header', 'Expect: 100-continue'],
    ]) {
      const { output } = await curl([...args, ...more, target], LARGE);
      assert.match(output.toString(), /Request Entity Too Large|Content Too Large/);
      assert.match(output.toString(), / 413$/);
    }
    const chunked = ['--header', 'Transfer-Encoding: chunked', '--header', 'Expect:'];
    const { output } = await curl([...args, ...chunked, target], LARGE);
    assert.match(output.toString(), / 413$/);
    await served.stop();
  });
}
