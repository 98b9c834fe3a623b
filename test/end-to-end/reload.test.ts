// SIGHUP and SIGUSR1 on the real server: settings, application, addresses, certificate and logs are taken anew, and what is
// wrong with them changes nothing. Tried on purpose, and seen to fail: the old settings given to the new workers; addresses
// of the old settings left open; a reload that takes the place of one that boots, again and again.

import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { makeCertificate } from '../support/certificates.ts';
import { getOnce, RawClient } from '../support/raw-client.ts';
import { launchServer, type Server, startServer } from '../support/server.ts';
import { eventually, temporaryFolder } from './serving.ts';

const APP = 'export default { fetch: () => new Response(process.env.GREETING ?? "none") };\n';

interface Changing {
  readonly server: Server;
  readonly folder: string;
  /** Writes the settings that the next reload reads. */
  configure(settings: object): void;
  /** What a new connection is answered. */
  answer(): Promise<string>;
}

/** A server that takes everything from a file, and has `settings` to begin with; its application is in these folders. */
async function changing(
  t: TestContext,
  settings: object,
  releases: readonly string[] = ['.'],
): Promise<Changing> {
  const folder = await temporaryFolder();
  const configure = (next: object): void => {
    const all = { app: './app.mjs', bind: ['127.0.0.1:0'], ...next };
    writeFileSync(join(folder, 'tunicorn.config.json'), JSON.stringify(all));
  };
  for (const release of releases) {
    mkdirSync(join(folder, release), { recursive: true });
    writeFileSync(join(folder, release, 'app.mjs'), APP);
  }
  configure(settings);
  const args = ['-c', 'tunicorn.config.json'];
  const server = await startServer(t, { app: './app.mjs', cwd: folder, args, bind: [] });
  const answer = async (): Promise<string> => (await getOnce(t, server.port)).body.toString();
  return { server, folder, configure, answer };
}

test('a reload takes new settings and a new application; wrong ones change nothing', async (t) => {
  const { server, folder, configure, answer } = await changing(t, { raw_env: ['GREETING=one'] });
  assert.equal(await answer(), 'one');
  configure({ raw_env: ['GREETING=two'], workers: 2 });
  server.signal('SIGHUP');
  await server.line(/Reloaded\./);
  assert.equal(await answer(), 'two');
  const family = await eventually(() => {
    const pids = server.childPids();
    return pids.length === 2 ? pids : null;
  }, 'the worker of before to have gone');

  configure({ raw_env: ['GREETING=three'], workers: 'many' });
  server.signal('SIGHUP');
  await server.line(
    /Reload refused, everything stays as it is: .*workers.*many.*tunicorn\.config\.json/,
  );
  assert.equal(await answer(), 'two');

  configure({ raw_env: ['GREETING=three'] });
  writeFileSync(join(folder, 'app.mjs'), 'export default {');
  server.signal('SIGHUP');
  await server.line(/Reload given up: .* The old workers stay\.[\s\S]*SyntaxError/);
  assert.equal(await answer(), 'two');
  await eventually(() => String(server.childPids()) === String(family), 'only the old workers');

  writeFileSync(join(folder, 'app.mjs'), APP);
  server.signal('SIGHUP');
  await server.line(/Reloaded\./, 2);
  assert.equal(await answer(), 'three');
});

test('a reload that fails after the old release was removed leaves the old workers serving', async (t) => {
  const { server, folder, configure, answer } = await changing(t, { chdir: 'old' }, ['old', 'new']);
  assert.equal(await answer(), 'none');
  rmSync(join(folder, 'old'), { recursive: true });
  writeFileSync(join(folder, 'new', 'app.mjs'), 'export default {');
  configure({ chdir: 'new' });
  server.signal('SIGHUP');
  await server.line(/Reload given up: [\s\S]*The folder \S+old cannot be entered any more: ENOENT/);
  assert.equal(await answer(), 'none');
  // Refused before any worker is started.
  configure({ chdir: 'new', workers: 'many' });
  server.signal('SIGHUP');
  await server.line(/Reload refused, everything stays as it is: .*workers/);
  assert.equal(await answer(), 'none');

  const [worker = assert.fail('no worker')] = server.childPids();
  process.kill(worker, 'SIGKILL');
  await server.line(/could not be started: its folder \S+old is not there any more\./);
  writeFileSync(join(folder, 'new', 'app.mjs'), APP);
  configure({ chdir: 'new' });
  server.signal('SIGHUP');
  await server.line(/Reloaded\./);
  assert.equal(await answer(), 'none');
});

test('reloads in the middle of a reload: the last one counts', async (t) => {
  const { server, configure, answer } = await changing(t, {});
  for (const greeting of ['one', 'two', 'three']) {
    configure({ raw_env: [`GREETING=${greeting}`], workers: 2 });
    server.signal('SIGHUP');
    await server.line(/Handling signal: hup/, ['one', 'two', 'three'].indexOf(greeting) + 1);
  }
  await eventually(async () => (await answer()) === 'three', 'the last settings');
  await server.line(/Reloaded\./);
});

/** The application waits while the file that it answers is there. */
function closeGate(folder: string): string {
  const gate = join(folder, 'gate');
  writeFileSync(gate, '');
  const app = `import { existsSync } from 'node:fs';
    while (existsSync(${JSON.stringify(gate)})) await new Promise((done) => setTimeout(done, 20));\n`;
  writeFileSync(join(folder, 'app.mjs'), app + APP);
  return gate;
}

test('reloads that come while workers boot wait for their end, and are one', async (t) => {
  const { server, folder, configure, answer } = await changing(t, {});
  const gate = closeGate(folder);
  for (const [index, greeting] of ['one', 'two', 'three'].entries()) {
    configure({ raw_env: [`GREETING=${greeting}`] });
    server.signal('SIGHUP');
    if (index === 0) await server.line(/Reloading: the old workers serve/);
    else await server.line(/Handling signal: hup/, index + 1);
  }
  await server.line(
    /A reload is under way: the next one begins when its workers serve or have failed\./,
  );
  rmSync(gate);
  await server.line(/Reloaded\./, 2);
  assert.equal(await answer(), 'three');
  for (const once of [/Reloaded\./g, /Reloading: the old/g, /A reload is under way/g]) {
    assert.equal(server.log().match(once)?.length, once.source.startsWith('A') ? 1 : 2);
  }
  // One that fails is an end as well; a stop waits for nobody.
  closeGate(folder);
  server.signal('SIGHUP');
  await server.line(/Reloading: the old workers serve/, 3);
  server.signal('SIGHUP');
  await server.line(/A reload is under way/, 2);
  // Not before the one that was replaced last has left.
  const [, booting] = await server.line(/Booting worker with pid: (\d+)/, 4);
  process.kill(Number(booting), 'SIGKILL');
  await server.line(/Reload given up: /);
  await server.line(/Reloading: the old workers serve/, 4);
  server.signal('SIGHUP');
  await server.line(/A reload is under way/, 3);
  server.signal('SIGTERM');
  assert.deepEqual(await server.exited, { code: 0, signal: null });
  assert.doesNotMatch(server.log(), /did not stop within|Reload refused/);
});

test('a boot that hangs gives way to the next reload after ten seconds, unless that is refused; the one after that waits', async (t) => {
  const { server, folder, configure, answer } = await changing(t, {});
  const gate = closeGate(folder);
  const bind = ['127.0.0.1:0', 'unix:a.sock'];
  configure({ raw_env: ['GREETING=one'], bind });
  server.signal('SIGHUP');
  await server.line(/Reloading: the old workers serve/);
  const missing = join(folder, 'missing.txt');
  configure({ raw_env: ['GREETING=two'], bind, deny: [`file:${missing}`] });
  server.signal('SIGHUP');
  await server.line(/A reload is under way/);
  await server.line(/Reload refused, the one under way goes on: .*missing\.txt/);
  assert.equal(server.childPids().length, 2);

  // The address that the one under way has opened is the next one's, too, and stays open when that one goes.
  configure({ raw_env: ['GREETING=three'], bind });
  server.signal('SIGHUP');
  await server.line(/Reloading: the old workers serve/, 2);
  assert.ok(existsSync(join(folder, 'a.sock')));
  configure({ raw_env: ['GREETING=four'], bind });
  server.signal('SIGHUP');
  await server.line(/A reload is under way/, 2);
  assert.doesNotMatch(server.log(), /Reloaded\./);
  rmSync(gate);
  await server.line(/Reloaded\. Listening at: .*a\.sock/, 2);
  assert.equal(await answer(), 'four');
  assert.ok(existsSync(join(folder, 'a.sock')));
  // Those that were told to go while they booted are no trouble.
  assert.doesNotMatch(server.log(), /did not stop within|WARNING/);
});

test('addresses are kept, added and removed as bind says', async (t) => {
  const { server, folder, configure, answer } = await changing(t, {
    bind: ['127.0.0.1:0', 'unix:a.sock'],
  });
  const answers = (path: string): Promise<boolean> =>
    new Promise((resolve) => {
      const socket = net.connect(join(folder, path));
      socket.on('connect', () => socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n'));
      socket.on('data', () => socket.destroy());
      socket.on('close', (failed) => resolve(!failed));
      socket.on('error', () => undefined);
    });
  assert.ok(await answers('a.sock'));
  configure({ bind: ['unix:b.sock', '127.0.0.1:0'] });
  server.signal('SIGHUP');
  await server.line(/Reloaded\. Listening at: unix:b\.sock,http:\/\/127\.0\.0\.1:\d+/);
  assert.ok(await answers('b.sock'));
  assert.ok(!existsSync(join(folder, 'a.sock')));
  assert.equal(await answer(), 'none');

  // A file that somebody has removed is made anew, and stays when the socket that had it is closed.
  rmSync(join(folder, 'b.sock'));
  server.signal('SIGHUP');
  await server.line(/Reloaded\. Listening at: unix:b\.sock/, 2);
  assert.ok(await answers('b.sock'));

  // One that cannot be had: nothing is changed, and nothing stays open of it.
  writeFileSync(join(folder, 'file'), '');
  configure({ bind: ['unix:c.sock', 'unix:file'] });
  server.signal('SIGHUP');
  await server.line(/Reload refused, everything stays as it is: Cannot listen on unix:file/);
  assert.ok(!existsSync(join(folder, 'c.sock')));
  assert.ok(await answers('b.sock'));
});

test('a reload serves the new certificate', async (t) => {
  const certificates = await temporaryFolder();
  const first = makeCertificate(certificates, 'first');
  const second = makeCertificate(certificates, 'second');
  const tls = { certfile: first.certfile, keyfile: first.keyfile };
  const { server } = await changing(t, tls);
  const isServed = async (ca: string): Promise<boolean> => {
    const client = await RawClient.connectSecurely(t, server.port, { ca });
    return (await client.get('/', 'Connection: close\r\n')).status === 200;
  };
  assert.ok(await isServed(first.cert));
  renameSync(second.certfile, first.certfile);
  renameSync(second.keyfile, first.keyfile);
  server.signal('SIGHUP');
  await server.line(/Reloaded\./);
  assert.ok(await isServed(second.cert));
  await assert.rejects(isServed(first.cert));
});

test('SIGUSR1 opens error log and access log anew, in the arbiter and in the workers', async (t) => {
  const logs = await temporaryFolder();
  const [errorlog, accesslog] = [join(logs, 'error'), join(logs, 'access')];
  const { server, folder, answer } = await changing(t, { accesslog });
  await answer();
  await eventually(() => readFileSync(accesslog, 'utf8') !== '', 'the first line');
  renameSync(accesslog, `${accesslog}.1`);
  server.signal('SIGUSR1');
  await eventually(() => existsSync(accesslog), 'the new file');
  await answer();
  await eventually(() => readFileSync(accesslog, 'utf8').split('\n').length === 2, 'its line');
  assert.equal(readFileSync(`${accesslog}.1`, 'utf8').split('\n').length, 2);

  const args = ['--error-logfile', errorlog, '--log-level', 'debug'];
  const quiet = launchServer(t, { app: './app.mjs', cwd: folder, args });
  await eventually(() => /Worker ready/.test(readFileSync(errorlog, 'utf8')), 'the server');
  renameSync(errorlog, `${errorlog}.1`);
  quiet.signal('SIGUSR1');
  await eventually(() => /Heartbeat/.test(readFileSync(errorlog, 'utf8')), "the arbiter's line");
  quiet.signal('SIGTERM');
  await eventually(() => /Draining/.test(readFileSync(errorlog, 'utf8')), "the worker's line");
});
