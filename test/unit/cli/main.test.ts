// The command as a process: that it starts, prints and ends with the right code on the right stream.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { packageVersion } from '../../../src/package-folder.ts';

const main = fileURLToPath(new URL('../../../programs/tunicorn.js', import.meta.url));

interface Ended {
  readonly code: number | string | null;
  readonly out: string;
  readonly err: string;
}

function tunicorn(...argv: string[]): Promise<Ended> {
  const env = { PATH: process.env['PATH'] };
  return new Promise((resolve) => {
    execFile(process.execPath, [main, ...argv], { env }, (error, out, err) => {
      resolve({ code: error === null ? 0 : (error.code ?? null), out, err });
    });
  });
}

describe('tunicorn', () => {
  it('prints its version to the standard output', async () => {
    const ended = await tunicorn('--version');
    assert.deepEqual(ended, { code: 0, out: `tunicorn (version ${packageVersion()})\n`, err: '' });
  });

  it('prints help and settings to the standard output', async () => {
    assert.match((await tunicorn('--help')).out, /^usage: tunicorn/);
    const { code, out, err } = await tunicorn('--print-config', '--threads=3');
    assert.deepEqual([code, err], [0, '']);
    assert.match(out, /^threads += 3 +# command line --threads$/m);
  });

  it('ends with 2 for a wrong flag and with 1 for a missing application, on the standard error', async () => {
    const flag = await tunicorn('--worker-conections', '4', 'shop:app');
    assert.deepEqual(flag, {
      code: 2,
      out: '',
      err: 'tunicorn: error: Unknown option --worker-conections on the command line. Did you mean --worker-connections?\n',
    });
    const { code, out, err } = await tunicorn();
    assert.deepEqual([code, out], [1, '']);
    assert.match(err, /^Error: No application module specified\. [^\n]+\n$/);
  });
});
