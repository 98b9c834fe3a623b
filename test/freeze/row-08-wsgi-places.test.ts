// Wherever in a WSGI application a request hangs, its client gets its 504 (a response under way is cut), the log names the
// function, and the next request is served: by the same thread, by a new one, or by a new process. Tried on purpose, and
// seen to fail: an interrupt that is swallowed counts as one that was obeyed.

import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { ask, eventually, type Served, serveWsgi } from '../end-to-end/serving.ts';
import { overdueRecords } from './hung.ts';

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
] as const;

describe('a WSGI application that hangs', () => {
  let served: Served;
  before(async () => {
    served = await serveWsgi('hangs:app', ARGS);
  });

  async function assertHangs(where: Served, path: string, name: string): Promise<void> {
    assert.equal((await ask(where, path)).status, 504);
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

  // A process that is being replaced already, because of those before, is not waited for when it stops answering.
  it('in /hold is interpreter-held, and the next request is served', async () => {
    await assertHangs(await serveWsgi('hangs:app', ARGS), '/hold', 'interpreter-held');
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
