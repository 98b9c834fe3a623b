// user, group, initgroups and umask on the real server, as root: what is left of root's rights in a worker, its Python and its
// application (nothing), and what must still work: logs and their reopening, unix sockets, spooled bodies, TLS. Faults put in by hand
// and seen here: workers keep the arbiter's rights; log files stay root's; the socket stays root's.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { before, type TestContext, test } from 'node:test';
import { makeCertificate } from '../support/certificates.ts';
import { needsRoot } from '../support/needs-root.ts';
import { publicCopy } from '../support/public-copy.ts';
import { launchServer, type ServerOptions, startServer } from '../support/server.ts';
import { ask, eventually, NODE_APPS, PYTHON, Served } from './serving.ts';

/** Debian has it everywhere, and it is in no group beside its own. */
const USER = 'www-data';
const numberOf = (flag: '-u' | '-g'): number =>
  Number(execFileSync('id', [flag, USER], { encoding: 'utf8' }));
const uid = numberOf('-u');
const gid = numberOf('-g');

const KINDS = [
  { name: 'WSGI', apps: 'test/apps/wsgi', app: 'rights:app', args: ['--python', PYTHON] },
  { name: 'Node.js', apps: 'test/apps/node', app: './rights.mjs', args: [] },
] as const;
/** Its Python is not started by the worker. */
const PRELOADED = {
  ...KINDS[0],
  name: 'WSGI, preloaded',
  args: [...KINDS[0].args, '--preload'],
};
type Kind = (typeof KINDS)[number] | typeof PRELOADED;

/** Where the command and the applications are. */
let copy: string;

before((root) => {
  if (!needsRoot.skip) copy = publicCopy(root as TestContext, ['test/apps']);
});

/** A folder of the test in there, and in that one which is the user's. */
function makePlaces(): { folder: string; own: string } {
  const folder = mkdtempSync(join(copy, 'test-'));
  chmodSync(folder, 0o755);
  const own = join(folder, 'own');
  mkdirSync(own);
  execFileSync('chown', [USER, own]);
  return { folder, own };
}

function optionsFor({ app, apps, args }: Kind, more: readonly string[]): ServerOptions {
  const commandPath = join(copy, 'dist/programs/tunicorn.js');
  return { app, cwd: join(copy, apps), commandPath, args: [...args, '--threads', '2', ...more] };
}

async function text(served: Served, path: string): Promise<string> {
  return (await ask(served, path)).body.toString();
}

function field(status: string, name: string): string {
  return new RegExp(`^${name}:[ \\t]*(.*)$`, 'm').exec(status)?.[1]?.trim() ?? 'none';
}

function assertIsUser(status: string, groups = ''): void {
  assert.equal(field(status, 'Uid'), Array(4).fill(uid).join('\t'));
  assert.equal(field(status, 'Gid'), Array(4).fill(gid).join('\t'));
  assert.equal(field(status, 'Groups'), groups);
  for (const set of ['CapInh', 'CapPrm', 'CapEff', 'CapAmb']) {
    assert.match(field(status, set), /^0+$/, set);
  }
  assert.equal(field(status, 'NoNewPrivs'), '1');
}

for (const kind of [...KINDS, PRELOADED]) {
  test(
    `${kind.name}: under --user nothing of root is left below the arbiter`,
    needsRoot,
    async (t) => {
      const { folder, own } = makePlaces();
      const secret = join(folder, 'secret');
      writeFileSync(secret, 'of root', { mode: 0o600 });
      const certificate = makeCertificate(folder);
      const args = ['--user', USER, '--umask', '027', '--tmp-dir', own, ...certificate.args];
      const server = await startServer(t, optionsFor(kind, args));
      const served = new Served(t, server, certificate.cert);
      assertIsUser(await text(served, '/status'));
      for (const pid of served.childPids())
        assertIsUser(readFileSync(`/proc/${pid}/status`, 'utf8'));
      assert.equal(await text(served, `/read?${secret}`), 'PermissionError');
      chmodSync(certificate.keyfile, 0o600);
      assert.equal(await text(served, `/read?${certificate.keyfile}`), 'PermissionError');
      assert.equal(await text(served, `/signal?${served.pid}`), 'PermissionError');
      assert.equal(await text(served, `/make?${join(own, 'file')}`), '0o640');
      const upload = { method: 'POST', body: Buffer.alloc(3_000_000) };
      assert.equal((await ask(served, '/status', upload)).status, 200);
      // The key can still be read by the arbiter, and the new workers are the user's, too.
      server.signal('SIGHUP');
      await server.line(/Reloaded\./);
      assertIsUser(await text(served, '/status'));
    },
  );
}

for (const kind of KINDS) {
  test(
    `${kind.name}: log files and unix sockets are given to the user, and logs are reopened as the user`,
    needsRoot,
    async (t) => {
      const { folder } = makePlaces();
      const [access, errors, socket] = ['access.log', 'error.log', 'app.sock'].map((name) =>
        join(folder, name),
      ) as [string, string, string];
      const args = ['--user', USER, '--umask', '0o27'];
      const options = optionsFor(kind, [...args, '--access-logfile', access]);
      const logged = [...(options.args ?? []), '--error-logfile', errors];
      const bind = ['127.0.0.1:0', `unix:${socket}`];
      const server = launchServer(t, { ...options, args: logged, bind });
      const said = (pattern: RegExp) =>
        eventually(() => pattern.exec(readFileSync(errors, 'utf8')), `${pattern} in the error log`);
      server.port = Number((await said(/Listening at: http:\/\/127\.0\.0\.1:(\d+)/))[1]);
      await said(/Worker ready/);
      const served = new Served(t, server);
      for (const path of [access, errors, socket]) {
        assert.deepEqual([statSync(path).uid, statSync(path).gid], [uid, gid], path);
      }
      assert.equal(statSync(socket).mode & 0o777, 0o750);
      await ask(served, '/status');
      await eventually(() => readFileSync(access, 'utf8').includes('/status'), 'the line');
      renameSync(access, `${access}.1`);
      server.signal('SIGUSR1');
      await eventually(() => statSync(access).uid === uid, 'the new file to be there');
      await eventually(async () => {
        await ask(served, '/again');
        return readFileSync(access, 'utf8').includes('/again');
      }, 'a line in the new file');
    },
  );
}

test(
  'with --initgroups workers get the other groups of the user, and none of the starter',
  needsRoot,
  async (t) => {
    const [kind] = KINDS;
    const args = ['--user', USER, '--initgroups'];
    const served = new Served(t, await startServer(t, optionsFor(kind, args)));
    // initgroups(3): the groups of the user, its own among them.
    assertIsUser(await text(served, '/status'), `${gid}`);
    for (const pid of served.childPids()) {
      assertIsUser(readFileSync(`/proc/${pid}/status`, 'utf8'), `${gid}`);
    }
  },
);

test(
  "an error log that the user leads elsewhere is neither root's to write nor a pipe to wait for",
  needsRoot,
  async (t) => {
    const [, kind] = KINDS;
    const { folder, own } = makePlaces();
    const [secret, link, pipe] = ['secret', 'own/link', 'own/pipe'].map((name) =>
      join(folder, name),
    ) as [string, string, string];
    writeFileSync(secret, 'of root');
    symlinkSync(secret, link);
    execFileSync('mkfifo', [pipe]);
    for (const [path, says] of [
      [
        link,
        /Cannot open the log file .*link: link in .*own is a symbolic link, and others than root/,
      ],
      [pipe, /Cannot open the log file .*pipe: it is a pipe or a socket that nobody reads\./],
    ] as const) {
      const args = ['--user', USER, '--error-logfile', path];
      const server = launchServer(t, optionsFor(kind, args));
      assert.equal((await server.exited).code, 1);
      assert.match(server.log(), says);
    }

    // A link that comes later, when logs are reopened, is not followed either, and the old file goes on.
    const errors = join(own, 'error.log');
    const args = ['--user', USER, '--error-logfile', errors];
    const server = launchServer(t, optionsFor(kind, args));
    const has = (path: string, pattern: RegExp) =>
      eventually(() => pattern.test(readFileSync(path, 'utf8')), `${pattern} in ${path}`);
    await has(errors, /Worker ready/);
    renameSync(errors, `${errors}.1`);
    symlinkSync(secret, errors);
    server.signal('SIGUSR1');
    await has(`${errors}.1`, /Handling signal: usr1/);
    server.signal('SIGTERM');
    await has(`${errors}.1`, /Shutting down: Master/);
    assert.equal(readFileSync(secret, 'utf8'), 'of root');
    assert.equal(statSync(secret).uid, 0);
  },
);

for (const [what, code, args, sentence] of [
  [
    'a user that is not there',
    2,
    ['--user', 'no-such-user'],
    /user must be .*"no-such-user".*--user/,
  ],
  ['a group that is not there', 2, ['--group', 'no-such-group'], /group must be .*"no-such-group"/],
  ['a mask that is none', 2, ['--umask', '9z'], /umask must be a number from 0 to 0o777: "9z"/],
  ['a number without a group', 1, ['--user', '54321'], /user 54321 .* give its group, too/],
] as const) {
  test(`${what} is one error`, async (t) => {
    const server = launchServer(t, { app: './rights.mjs', args, cwd: NODE_APPS });
    assert.equal((await server.exited).code, code);
    assert.match(server.log(), sentence);
  });
}

test('a private key that the starter cannot read is one error', needsRoot, async () => {
  const [, kind] = KINDS;
  const { folder } = makePlaces();
  const { args, keyfile } = makeCertificate(folder);
  chmodSync(keyfile, 0o600);
  const { commandPath = '', cwd } = optionsFor(kind, []);
  const options = { cwd, uid, gid, encoding: 'utf8', stdio: 'pipe' } as const;
  assert.throws(
    () =>
      execFileSync(process.execPath, [commandPath, '--check-config', ...args, kind.app], options),
    /keyfile .*server\.key cannot be read: permission denied for the user that starts the server\./,
  );
});

test('whoever is not root cannot ask for another user', needsRoot, async () => {
  const [, kind] = KINDS;
  const { commandPath = '', cwd } = optionsFor(kind, []);
  const options = { cwd, uid, gid, encoding: 'utf8', stdio: 'pipe' } as const;
  assert.throws(
    () =>
      execFileSync(
        process.execPath,
        [commandPath, '--check-config', '--user', 'root', kind.app],
        options,
      ),
    /Only root can run workers as another user/,
  );
});
