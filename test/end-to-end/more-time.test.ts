// An application that asks for more time for one request has it, up to timeout_limit, and nobody ends its thread, its
// process or its response before. Tried on purpose, and seen to fail: the loop does not hear of it; the heartbeat of the
// interpreter and the rule of the loop that stands still do not know of it; the limit is not looked at.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ask, eventually, type Served, serveNode, serveWsgi } from './serving.ts';

const ARGS = ['--threads', '2', '--timeout', '1', '--stream-timeout', '1', '--timeout-limit', '4'];

const applications: readonly (readonly [string, () => Promise<Served>, readonly string[]])[] = [
  ['WSGI', () => serveWsgi('hangs:app', ARGS), ['/sleep', '/spin', '/native', '/hold']],
  ['a listener', () => serveNode('./hangs.mjs:listener', ARGS), ['/sleep', '/spin']],
  ['fetch', () => serveNode('./hangs.mjs:fetching', ARGS), ['/sleep', '/spin']],
];

// They mostly wait.
describe('more time', { concurrency: 4 }, () => {
  for (const [kind, serve, paths] of applications) {
    for (const path of paths) {
      it(`${kind}: ${path} that has asked for more time is answered, one that has not gets 504`, async () => {
        const served = await serve();
        const extended = await ask(served, `${path}?2.5`, { fields: ['X-Extend: 4'] });
        assert.equal(extended.status, 200);
        assert.doesNotMatch(served.log(), /overdue|is gone|being replaced/);
        assert.equal((await ask(served, path)).status, 504);
      });
    }

    it(`${kind}: more than timeout_limit is not granted`, async () => {
      const served = await serve();
      const beganMs = performance.now();
      const overdue = await ask(served, '/sleep', { fields: ['X-Extend: 1000'] });
      const tookMs = performance.now() - beganMs;
      assert.equal(overdue.status, 504);
      assert.ok(tookMs >= 4000, `504 after ${tookMs} ms`);
      await eventually(() => served.log().includes('(overdue)'), 'the line about it');
      assert.match(served.log(), /\(timeout 1 s, extended to 4\.0 s\)/);
    });
  }

  it('an extension holds for the pauses of a response under way', async () => {
    const served = await serveWsgi('hangs:app', ARGS);
    const extended = await ask(served, '/pause_between_pieces?2.5', { fields: ['X-Extend: 4'] });
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
    const served = await serveWsgi('hangs:app', ARGS);
    const holding = ask(served, '/hold?3.5', { fields: ['X-Extend: 4'] });
    await eventually(() => served.log().includes('Worker ready'));
    const other = ask(served, '/sleep');
    assert.equal((await other).status, 504);
    await eventually(() => served.log().includes('is being replaced'), 'the replacement to begin');
    assert.equal((await ask(served, '/')).status, 200, 'the new process serves');
    assert.equal((await holding).status, 200, 'and the old one ends what it has');
  });
});
