// Gunicorn's settings given to the real command: all of them at their defaults, and wrong ones from each source.

import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { RawClient } from '../support/raw-client.ts';
import { launchServer, startServer } from '../support/server.ts';
import { GUNICORN_SETTINGS } from '../unit/settings/gunicorn-settings.ts';
import { PYTHON, temporaryFolder } from './serving.ts';

const APP = `
def app(environ, start_response):
    start_response("200 OK", [])
    return [b"threads: %r" % environ["wsgi.multithread"]]
`;

function folderWith(files: Readonly<Record<string, string>>): Promise<string> {
  return temporaryFolder({ 'web.py': APP, ...files });
}

/** As Python writes it. */
function literal(value: unknown): string {
  if (value === null) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  return JSON.stringify(value);
}

interface Outcome {
  readonly code: number | null;
  readonly output: string;
}

async function check(
  t: TestContext,
  files: Readonly<Record<string, string>>,
  args: readonly string[] = [],
  env: NodeJS.ProcessEnv = {},
): Promise<Outcome> {
  const cwd = await folderWith(files);
  const all = ['--python', PYTHON, '--check-config', ...args];
  const program = launchServer(t, { app: 'web:app', cwd, args: all, bind: [], env });
  const { code } = await program.exited;
  return { code, output: program.log() };
}

test('a gunicorn.conf.py that says every setting of Gunicorn as it is by default is taken without a word', async (t) => {
  const lines = GUNICORN_SETTINGS.filter(({ name }) => !['config', 'wsgi_app'].includes(name)).map(
    ({ name, default: value }) => `${name} = ${literal(value)}`,
  );
  assert.deepEqual(await check(t, { 'gunicorn.conf.py': lines.join('\n') }), {
    code: 0,
    output: '',
  });
});

test("Gunicorn's command line, its variable and its file serve together, and what has no effect is named", async (t) => {
  const cwd = await folderWith({
    'gunicorn.conf.py': 'workers = 1\nthreads = 1\nworker_tmp_dir = "/dev/shm"\nspew = True\n',
  });
  const server = await startServer(t, {
    app: 'web:app',
    cwd,
    args: ['--python', PYTHON, '--no-sendfile', '--http-parser', 'fast'],
    env: { GUNICORN_CMD_ARGS: '--threads 3 --asgi-loop=uvloop --max-requests 1000' },
  });
  const client = await RawClient.connect(t, server.port);
  assert.equal((await client.get('/')).body.toString(), 'threads: True');
  for (const says of [
    /Warning: GUNICORN_CMD_ARGS --asgi-loop: --asgi-loop has no effect\./,
    /Warning: command line --no-sendfile: --no-sendfile has no effect\./,
    /Warning: command line --http-parser: --http-parser has no effect\./,
    /Warning: gunicorn\.conf\.py:4: spew has no effect\./,
  ]) {
    assert.match(server.log(), says);
  }
});

const WRONG: readonly [
  files: Readonly<Record<string, string>>,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  code: number,
  says: RegExp,
][] = [
  [{}, [], { WEB_CONCURRENCY: 'many' }, 1, /workers .*"many" in the environment \(WEB_CONC/],
  [
    { 'gunicorn.conf.py': 'import os\n\nthreads = "few"\n' },
    [],
    {},
    1,
    /threads .*"few" in gunicorn\.conf\.py, line 3 is not/,
  ],
  [
    { 'tunicorn.config.ts': 'export default {\n  // three\n  timeout: -3,\n};\n' },
    [],
    {},
    1,
    /timeout .*-3 in tunicorn\.config\.ts, line 3 is not/,
  ],
  [
    { 'gunicorn.conf.py': 'paste = "site.ini"\n' },
    [],
    {},
    1,
    /gunicorn\.conf\.py:1: paste is a Gunicorn setting that Tunicorn does not have yet\. Name the/,
  ],
  [
    { 'gunicorn.conf.py': '\ndef pre_fork(server): pass\n' },
    [],
    {},
    1,
    /pre_fork in gunicorn\.conf\.py, line 2 takes 1 arguments and is called with 2 \(server, worker/,
  ],
  [{}, [], { GUNICORN_CMD_ARGS: '-w none' }, 1, /workers .*"none" in GUNICORN_CMD_ARGS \(-w\)/],
  [
    { 'gunicorn.conf.py': '\nwhen_ready = "nowhere.at.all"\n' },
    [],
    {},
    1,
    /when_ready must be a function: 'nowhere\.at\.all' \(ModuleNotFoundError: .*\) in gunicorn\.conf\.py, line 2 is not/,
  ],
  [
    { 'gunicorn.conf.py': '\n\ncertfile = "none.pem"\n' },
    [],
    {},
    1,
    /certfile .*none\.pem cannot be read: .* certfile is set in gunicorn\.conf\.py, line 3\./,
  ],
  [
    {},
    ['--python', '/nowhere/python'],
    {},
    1,
    /no Python interpreter at .* python is set on the command line \(--python\)\./,
  ],
  [
    {},
    ['-c', 'none.py'],
    {},
    1,
    /config file none\.py, on the command line \(-c\), does not exist/,
  ],
  [{}, ['--backlog', 'x'], {}, 1, /backlog .*"x" on the command line \(--backlog\)/],
];

test('a wrong value is named with its source, and --check-config ends with 1', async (t) => {
  const outcomes = await Promise.all(WRONG.map(([files, args, env]) => check(t, files, args, env)));
  for (const [index, [, , , code, says]] of WRONG.entries()) {
    const outcome = outcomes[index];
    assert.match(outcome?.output ?? '', says);
    assert.equal(outcome?.code, code);
  }
});
