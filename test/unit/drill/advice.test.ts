// Which settings a drill calls too lax: each rule by a value on either side of it, and what people read.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { heldBy, laxSettings } from '../../../src/drill/advice.ts';
import { DRILL_ROWS } from '../../../src/drill/options.ts';
import { resolveFrom } from '../settings/folder.ts';

async function laxWith(...argv: readonly string[]): Promise<readonly string[]> {
  const { settings, sources } = await resolveFrom({ argv: ['app:app', ...argv] });
  return laxSettings(settings, sources).map(({ setting }) => setting);
}

describe('what is too lax', () => {
  it('is by default only that an upload has no limit', async () => {
    assert.deepEqual(await laxWith(), ['limit_request_body']);
    assert.deepEqual(await laxWith('--limit-request-body', '10m'), []);
  });

  it('is each setting beyond its bound, and not at it', async () => {
    for (const [flag, right, lax] of [
      ['--timeout', '300', '301'],
      ['--timeout', '0.1', '0'],
      ['--handshake-timeout', '100', '101'],
      ['--first-byte-timeout', '100', '101'],
      ['--head-timeout', '100', '101'],
      ['--body-timeout', '600', '601'],
      ['--body-min-rate', '50', '49'],
      ['--write-timeout', '300', '301'],
      ['--write-min-rate', '50', '49'],
      ['--keep-alive', '120', '600'],
      ['--queue-timeout', '30', '31'],
      ['--stream-timeout', '3600', '3601'],
      ['--graceful-timeout', '300', '301'],
    ] as const) {
      const limit = ['--limit-request-body', '1m'];
      assert.deepEqual(await laxWith(...limit, flag, right), [], `${flag} ${right}`);
      assert.equal((await laxWith(...limit, flag, lax)).length, 1, `${flag} ${lax}`);
    }
  });

  it('is said with its value, where it came from, what it means and what to write instead', async () => {
    const { settings, sources } = await resolveFrom({ argv: ['app:app', '--timeout', '0'] });
    assert.equal(
      laxSettings(settings, sources)[0]?.text,
      'timeout 0 (on the command line (--timeout)): a request that hangs holds its thread for ever, and nobody is told where. Try --timeout 30.',
    );
  });
});

describe('what holds', () => {
  it('is said of every row', async () => {
    const { settings, sources } = await resolveFrom({ argv: ['app:app'] });
    for (const row of DRILL_ROWS) assert.notEqual(heldBy(row, settings, sources), '', `row ${row}`);
    assert.equal(heldBy(2, settings, sources), 'head_timeout 10 s (by default)');
  });
});
