// What the kernel is told about listening sockets, asked with ss: the backlog, and ports that several servers share. Faults put in by
// hand and seen here: another backlog than the one asked for; SO_REUSEPORT left out.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { soon } from '../support/eventually.ts';
import { statusOf } from '../support/raw-client.ts';
import { launchServer, type Server, startServer } from '../support/server.ts';
import { eventually, NODE_APPS, temporaryFolder } from './serving.ts';

const APP = { app: './bench-fetch.mjs', cwd: NODE_APPS } as const;

/** Of a listening socket: how many clients may wait there (ss shows it as Send-Q). */
function backlogAt(local: string): number[] {
  const lines = execFileSync('ss', ['-ltxnH'], { encoding: 'utf8' }).split('\n');
  return lines
    .map((line) => line.trim().split(/\s+/))
    .filter((columns) => columns.includes(local))
    .map(([, , , backlog]) => Number(backlog));
}

test('the kernel has the backlog that was asked for, for TCP, TCP6 and unix sockets', async (t) => {
  const path = join(await temporaryFolder(), 'app.sock');
  const bind = ['127.0.0.1:0', '[::1]:0', `unix:${path}`];
  const server = await startServer(t, { ...APP, bind, args: ['--backlog', '37'] });
  const [, six] = await server.line(/http:\/\/\[::1\]:(\d+)/);
  // A moment after the worker listens its spare handle may stand beside it.
  for (const local of [`127.0.0.1:${server.port}`, `[::1]:${six}`, path]) {
    assert.deepEqual([...new Set(backlogAt(local))], [37], local);
  }
  assert.equal(await statusOf(t, path), 200);
  // It shares its ports with nobody, whoever asks.
  const args = ['--reuse-port'];
  const sharer = launchServer(t, { ...APP, args, bind: [`127.0.0.1:${server.port}`] });
  await sharer.line(/Connection in use: /);
  sharer.signal('SIGTERM');
  assert.equal((await soon(sharer.exited, 'the end')).code, 0);
});

test('with --reuse-port two servers share a port; both serve, and one goes on alone', async (t) => {
  const args = ['--reuse-port', '--access-logfile', '-'];
  const first = await startServer(t, { ...APP, args, bind: ['127.0.0.1:0', '[::1]:0'] });
  const [, six] = await first.line(/http:\/\/\[::1\]:(\d+)/);
  const bind = [`127.0.0.1:${first.port}`, `[::1]:${six}`];
  const second = await startServer(t, { ...APP, args, bind });
  const heard = (server: Server): boolean => / 200 /.test(server.log());
  // The kernel chooses by the client's address: some of many go to each.
  await eventually(async () => {
    assert.equal(await statusOf(t, first.port), 200);
    return heard(first) && heard(second);
  }, 'both to be asked');
  await second.stop();
  assert.equal(await statusOf(t, first.port), 200);
});

test('who does not ask for it is not given a shared port', async (t) => {
  const first = await startServer(t, { ...APP, args: ['--reuse-port'] });
  const bind = [`127.0.0.1:${first.port}`];
  const second = launchServer(t, { ...APP, bind });
  await second.line(/Connection in use: /);
  second.signal('SIGTERM');
  await soon(second.exited, 'the end');
  const args = ['--reuse-port', '--python', '/nowhere/python'];
  const third = launchServer(t, { ...APP, args, bind });
  assert.equal((await soon(third.exited, 'the end')).code, 1);
  assert.match(
    third.log(),
    /Cannot listen on a shared port \(reuse_port\): .*\/nowhere\/python could not be started.*--python/,
  );
});
