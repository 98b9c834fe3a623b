// An application that asks for more time for one request has it, up to timeout_limit, and nobody ends its thread, its
// process or its response before. Tried on purpose, and seen to fail: the loop does not hear of it; the heartbeat of the
// interpreter and the rule of the loop that stands still do not know of it; the limit is not looked at.

import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { ask, eventually, type Served, serveNode, serveWsgi } from './serving.ts';

const ARGS = ['--threads', '4', '--timeout', '1', '--stream-timeout', '1', '--timeout-limit', '4'];

/** Paths that run beside each other come together; what holds the interpreter keeps all others from it. */
const applications: readonly (readonly [string, () => Promise<Served>, readonly string[][]])[] = [
  ['WSGI', () => serveWsgi('hangs:app', ARGS), [['/sleep', '/spin', '/native'], ['/hold']]],
  ['a listener', () => serveNode('./hangs.mjs:listener', ARGS), [['/sleep', '/spin']]],
  ['fetch', () => serveNode('./hangs.mjs:fetching', ARGS), [['/sleep', '/spin']]],
];

const LEAVE = { fields: ['X-Extend: 4'] };

// They mostly wait.
describe('more time', { concurrency: 4 }, () => {
  for (const [kind, serve, together] of applications) {
    describe(kind, { concurrency: 1 }, () => {
      let served: Served;
      const extended = new Map<string, number>();
      /** What was logged when all that had asked for more time were answered. */
      let log = '';

      before(async () => {
        served = await serve();
        for (const paths of together) {
          const asked = paths.map(async (path) => {
            extended.set(path, (await ask(served, `${path}?2`, LEAVE)).status);
          });
          await Promise.all(asked);
        }
        log = served.log();
      });

      it(`${kind}: more than timeout_limit is not granted`, async () => {
        const beganMs = performance.now();
        const overdue = await ask(served, '/sleep', { fields: ['X-Extend: 1000'] });
        const tookMs = performance.now() - beganMs;
        assert.equal(overdue.status, 504);
        assert.ok(tookMs >= 4000, `504 after ${tookMs} ms`);
        await eventually(() => served.log().includes('(overdue)'), 'the line about it');
        assert.match(served.log(), /\(timeout 1 s, extended to 4\.0 s\)/);
      });

      for (const path of together.flat()) {
        it(`${kind}: ${path} that has asked for more time is answered, one that has not gets 504`, async () => {
          assert.equal(extended.get(path), 200);
          assert.doesNotMatch(log, /overdue|is gone|being replaced/);
          assert.equal((await ask(served, path)).status, 504);
        });
      }
    });
  }

  describe('what is under way', { concurrency: 1 }, () => {
    let served: Served;

    before(async () => {
      served = await serveWsgi('hangs:app', ARGS);
    });

    it('an extension holds for the pauses of a response under way', async () => {
      const extended = await ask(served, '/pause_between_pieces?2', LEAVE);
      assert.equal(extended.body.toString(), 'begun ended');
      await assert.rejects(ask(served, '/pause_between_pieces'));
      await eventually(() => served.log().includes('(stream-overdue)'), 'the line about it');
      assert.match(
        served.log(),
        /stream_timeout 1 s\) and was cut off: its own code ran and was inter/,
      );
      assert.match(served.log(), /in pause_between_pieces/);
    });

    it('what holds the interpreter with leave keeps its process although others are overdue', async () => {
      const holding = ask(served, '/hold?3.5', LEAVE);
      const other = ask(served, '/sleep');
      assert.equal((await other).status, 504);
      await eventually(
        () => served.log().includes('is being replaced'),
        'the replacement to begin',
      );
      assert.equal((await ask(served, '/')).status, 200, 'the new process serves');
      assert.equal((await holding).status, 200, 'and the old one ends what it has');
    });
  });
});
