// Wherever in a WSGI application a request hangs, its client gets its 504 (a response under way is cut), the log names the
// function, and the next request is served: by the same thread, by a new one, or by a new process. Tried on purpose, and
// seen to fail: an interrupt that is swallowed counts as one that was obeyed.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { before, describe, it } from 'node:test';
import { ask, eventually, type Served, serveWsgi } from '../end-to-end/serving.ts';
import { sleepsOf } from './family.ts';
import { overdueRecords } from './hung.ts';

/** For ever; and a length that no other test's commands have. */
const HANGS_SECONDS = '100001.0';
const ARGS = ['--threads', '2', '--timeout', '1', '--stream-timeout', '1', '--log-json'];

/** Path of hangs.py, which is the function's name, and what becomes of it. */
const PLACES = [
  ['/sleep', 'native-code'],
  ['/spin', 'interrupted'],
  ['/native', 'native-code'],
  ['/lock', 'native-code'],
  ['/take_from_queue', 'native-code'],
  ['/run_command', 'native-code'],
  ['/receive', 'native-code'],
  ['/deadlock', 'native-code'],
  ['/import_lazily', 'native-code'],
  ['/clean_up', 'interrupted'],
  ['/swallow', 'interrupt-ignored'],
  // By now the process is on its way out: what it still runs has its time all the same.
  ['/hold', 'interpreter-held'],
] as const;

describe('a WSGI application that hangs', () => {
  let served: Served;
  before(async () => {
    served = await serveWsgi('hangs:app', ARGS);
  });

  async function assertHangs(where: Served, path: string, name: string): Promise<void> {
    assert.equal((await ask(where, `${path}?${HANGS_SECONDS}`)).status, 504);
    assert.equal((await ask(where, '/')).status, 200);
    const record = await eventually(
      () => overdueRecords(where).find((each) => each.path === path),
      `the record of ${path}`,
    );
    assert.equal(record.case, name, record.stack);
    assert.match(record.stack, new RegExp(`hangs\\.py", line \\d+,? in ${path.slice(1)}\n`));
  }

  for (const [path, name] of PLACES) {
    it(`in ${path} is ${name}, and the next request is served`, () => {
      return assertHangs(served, path, name);
    });
  }

  it('leaves no command behind that it waited for, once its process is replaced', async () => {
    // By now so many threads were given up that the first process has been replaced.
    await eventually(() => sleepsOf(served).length === 0 && orphans() === 0);
  });

  it('between two pieces has its response cut', async () => {
    await assert.rejects(ask(served, '/pause_between_pieces'));
    assert.equal((await ask(served, '/')).status, 200);
    await eventually(() =>
      overdueRecords(served).some(
        ({ code, stack }) => code === 'stream-overdue' && stack.includes('in pause_between_pieces'),
      ),
    );
  });

  it('in close() after a whole response of known length has answered, and its thread is replaced', async () => {
    const reply = await ask(served, '/close', { fields: ['Connection: close'] }).catch(() => null);
    assert.ok(reply === null || reply.body.toString() === 'whole');
    assert.equal((await ask(served, '/')).status, 200);
    await eventually(() => overdueRecords(served).some(({ stack }) => stack.includes('in close')));
  });
});

/** Commands of hangs.py that nobody waits for any more. */
function orphans(): number {
  const mine = (pid: string): boolean => {
    try {
      const [, parent] = /^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
      const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
      return parent === '1' && command === `sleep\0${HANGS_SECONDS}\0`;
    } catch {
      return false;
    }
  };
  return readdirSync('/proc').filter(mine).length;
}
