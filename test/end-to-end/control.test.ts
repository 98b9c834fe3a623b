// The control socket of a server that is stuck on purpose: every thread runs a request that never ends, the queue and the places
// are full, and it says so at once; then it is told what to do. Seen to fail: an arbiter that asks the worker whose threads are
// stuck through a thread, and a mode that lets others in.

import assert from 'node:assert/strict';
import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import test, { before, describe } from 'node:test';
import { description } from './control-description.ts';
import { askControl, listOf, type Members, runCtl } from './controlling.ts';
import { ask, eventually, type Served, serveNode, serveWsgi, temporaryFolder } from './serving.ts';

describe('a WSGI server whose threads, queue and places are taken', () => {
  let server: Served;
  let folder: string;
  let socket: string;

  before(async () => {
    folder = await temporaryFolder();
    socket = join(folder, 'shop.ctl');
    const terms = ['--threads', '2', '--queue-limit', '3', '--worker-connections', '6'];
    const times = ['--timeout', '600', '--queue-timeout', '600'];
    const pid = ['--pid', join(folder, 'shop.pid'), '--status-bind', '127.0.0.1:0'];
    server = await serveWsgi('freezes:app', [...terms, ...times, ...pid]);
    for (const path of ['/nap', '/sleep', '/q1?secret', '/q2', '/q3']) {
      const client = await server.connect();
      client.send(`GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`);
      // One after another: which of them wait is asked for.
      await eventually(async () => {
        const { answer } = await askControl(socket, '/connections');
        return listOf(answer, 'connections').some(
          ({ request }) => (request as Members | null)?.['path'] === path.replace('?secret', ''),
        );
      });
    }
    const drips = await server.connect();
    drips.send('GET / HTTP/1.1\r\nHo');
    await eventually(
      async () => (await askControl(socket, '/connections?state=head')).answer['matching'] === 1,
    );
  });

  test("the control socket is its owner's alone, beside the pid file", async () => {
    assert.equal((await lstat(socket)).mode & 0o777, 0o600);
  });

  test('it tells within 100 ms where everybody waits and until when', async () => {
    const paths = ['/status', '/workers', '/threads', '/connections', '/queue'];
    for (const path of paths) {
      let best = Number.POSITIVE_INFINITY;
      // The machine may be busy with other tests: once in ten times it is not.
      for (let n = 0; n < 10 && best >= 100; n++)
        best = Math.min(best, (await askControl(socket, path)).ms);
      assert.ok(best < 100, `${path} took ${best} ms`);
    }
    const { answer } = await askControl(socket, '/connections');
    assert.deepEqual([answer['open'], answer['states']], [6, { running: 2, queued: 3, head: 1 }]);
    const [first] = listOf(answer, 'connections');
    assert.match(JSON.stringify(first?.['deadline']), /"setting":"timeout"/);
    const { answer: queue } = await askControl(socket, '/queue');
    assert.deepEqual(
      listOf(queue, 'requests').map(({ path }) => path),
      ['/q1', '/q2', '/q3'],
    );
    assert.ok(!JSON.stringify([answer, queue]).includes('secret'));
  });

  test('it serves its own description, and everything it answers is as described', async () => {
    const { answer: served } = await askControl(socket, '/openapi.json');
    assert.deepEqual(served, description);
    // What is asked elsewhere in this file is held against it, too.
    for (const path of ['/traffic', '/limits', '/events', '/settings'])
      await askControl(socket, path);
    const { answer } = await askControl(socket, '/threads?stack=true');
    const [first] = listOf(answer, 'threads');
    const number = String(first?.['name']).replace('thread ', '');
    const one = await askControl(socket, `/workers/${first?.['worker']}/threads/${number}/stack`);
    assert.equal(one.status, 200);
  });

  test('stacks of what its threads run are taken from outside', async () => {
    const { out } = await runCtl('threads', '--stack', '--control-socket', socket);
    assert.match(out, /\d+\/1 +ready +1 .*GET \/nap/);
    assert.match(out, /freezes\.py", line \d+, in app\n +time\.sleep\(0\.02\)/);
    assert.match(out, /time\.sleep\(100000\)/);
  });

  test('a thread that is interrupted answers 504, and whoever waits is served', async () => {
    const { answer } = await askControl(socket, '/threads');
    const spins = listOf(answer, 'threads').find(({ requests }) =>
      JSON.stringify(requests).includes('/nap'),
    );
    const thread = `${spins?.['worker']}/${String(spins?.['name']).replace('thread ', '')}`;
    const done = await runCtl('interrupt', thread, '--pid', join(folder, 'shop.pid'));
    assert.deepEqual([done.err, done.out.slice(0, 26)], ['', 'Requests interrupted: 1. T']);
    await eventually(async () => (await askControl(socket, '/queue')).answer['length'] === 0);
    const was =
      'was interrupted by an operator after [\\d.]+ s(?: after [\\d.]+ s in the queue)? on thread \\d \\(ctl interrupt\\) and was answered 504';
    assert.match(server.log(), new RegExp(`GET /nap .* ${was}: .*\\(operator-interrupt\\)`));
    await eventually(async () => {
      const { answer } = await askControl(socket, '/events');
      return listOf(answer, 'events').some(({ kind }) => kind === 'interrupted');
    });
    const { answer: told } = await askControl(socket, '/events');
    assert.ok(listOf(told, 'events').every(({ kind }) => kind !== 'timed out'));
    const [, at = ''] = /metrics: (http\S+)\)/.exec(server.log()) ?? [];
    const metrics = await (await fetch(at)).text();
    assert.doesNotMatch(metrics, /deadlines_passed_total\{setting="timeout"\} [1-9]/);
    assert.match(metrics, /requests_failed_total\{code="operator-interrupt"\} 1/);
  });

  test('what cannot be done is refused with a sentence', async () => {
    const wrong = async (path: string, post?: string): Promise<[number, unknown]> => {
      const { status, answer } = await askControl(socket, path, post);
      return [status, answer['error']];
    };
    assert.deepEqual(await wrong('/workers', '{"count": 0}'), [400, 'count is 1 or more, not 0.']);
    assert.deepEqual(await wrong('/workers', '{"count": "3"}'), [
      400,
      'count is a whole number, not "3".',
    ]);
    assert.deepEqual(await wrong('/workers', ''), [
      400,
      'The body is a JSON object with count, and count is missing.',
    ]);
    assert.deepEqual(await wrong('/connections?limit=1001'), [
      400,
      'limit is at most 1000, and 1001 was asked for.',
    ]);
    assert.deepEqual(await wrong('/threads?stack=yes'), [
      400,
      'stack is one of true, false, not "yes".',
    ]);
    assert.deepEqual(await wrong('/connections?status=new'), [
      400,
      'There is no parameter status here. It takes state, client, path, limit.',
    ]);
    assert.match(
      String((await wrong('/connections?state=bogus'))[1]),
      /^state is one of proxy, handshake, new, head, asking, .*, not "bogus"\.$/,
    );
    assert.deepEqual(await wrong('/reload'), [405, '/reload is asked for with POST.']);
    assert.deepEqual(await wrong('/stop', '{"how": "slowly"}'), [
      400,
      'how is gently or at once, not "slowly".',
    ]);
    assert.deepEqual(await wrong('/stop', 'how'), [400, 'The body is no JSON.']);
    assert.deepEqual((await wrong('/nothing'))[0], 404);
    assert.deepEqual((await wrong('/workers/1/threads/1/stack'))[0], 404);
    const usage = await runCtl('interrupt', 'two');
    assert.deepEqual(
      [usage.code, usage.err],
      [2, 'tunicorn: error: ctl interrupt must be given as: interrupt THREAD: "two" is not.\n'],
    );
    const nobody = await runCtl('status', '--control-socket', join(folder, 'none.ctl'));
    assert.equal(nobody.code, 1);
    assert.match(nobody.err, /none\.ctl: no server listens there/);
  });

  test('settings are told with where they were set', async () => {
    const { out } = await runCtl('settings', '--control-socket', socket);
    assert.match(out, /^queue_limit +3 +command line --queue-limit$/m);
    assert.match(out, /^keepalive +\S+ +default$/m);
  });

  test('a server that is told to stop at once ends, and its socket with it', async () => {
    const { out } = await runCtl('stop', '--now', '--control-socket', socket);
    assert.equal(out, 'The server is quitting.\n');
    assert.deepEqual(await server.server.exited, { code: 0, signal: null });
    assert.deepEqual(await readdir(folder), []);
  });
});

test('a Node.js server is scaled, reloaded and found by the folder of its user', async () => {
  const runtime = await temporaryFolder();
  const server = await serveNode('./freezes.mjs', ['--threads', '1'], {
    env: { RUNTIME_DIRECTORY: runtime },
  });
  const socket = join(runtime, `${server.pid}.ctl`);
  for (let each = 0; each < 5; each++) await ask(server, '/');
  void ask(server, '/nap').catch(() => undefined);
  await eventually(
    async () => (await askControl(socket, '/connections?state=running')).answer['matching'] === 1,
  );
  const { answer } = await askControl(socket, '/threads?stack=true');
  assert.match(String(listOf(answer, 'threads')[0]?.['stack']), /freezes\.mjs/);
  const scaled = await askControl(socket, '/workers', '{"count": 3}');
  assert.deepEqual(scaled.answer, { workers: 3 });
  const ready = async (): Promise<unknown> =>
    ((await askControl(socket, '/status')).answer['workers'] as Members)['ready'];
  await eventually(async () => (await ready()) === 3);
  const before = server.server.workerPids();
  const reloaded = await askControl(socket, '/reload', '');
  assert.equal(reloaded.status, 202);
  await eventually(async () => server.log().includes('Reloaded.'));
  const { answer: after } = await askControl(socket, '/workers');
  const serving = listOf(after, 'workers').filter(({ state }) => state === 'ready');
  assert.ok(serving.every(({ pid }) => !before.includes(Number(pid))));
  // Of the workers from before the reload as well.
  const { answer: traffic } = await askControl(socket, '/traffic');
  assert.equal((traffic['answered'] as Members)['2xx'], 5);
  assert.match(
    (await runCtl('traffic', '--control-socket', socket)).out,
    /\nsince start +answered 2xx 5;/,
  );
});
