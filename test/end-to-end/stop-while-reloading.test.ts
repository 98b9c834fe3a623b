// SIGTERM while a reload is prepared: what was begun for it is taken down, and the server ends as without it. Tried on purpose, and
// seen to fail: a stop that leaves the reload to itself (143, and the Python that reads the config file goes on), and one that
// ends whatever is left in the process by a signal (143 where a config file in JavaScript waits).

import assert from 'node:assert/strict';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { soon } from '../support/eventually.ts';
import { isAlive } from '../support/processes.ts';
import { startServer } from '../support/server.ts';
import { eventually, PYTHON, temporaryFolder } from './serving.ts';

/** Whoever calls it waits, but not at the start. */
const WAIT = `
import os, time

def wait_when_slow():
    if os.path.exists("slow"):
        open("here", "w").close()
        time.sleep(60)
`;

const WSGI = `${WAIT}
def app(environ, start_response):
    start_response("200 OK", [])
    return [b"hi"]
`;

const WAITING_SCRIPT = `
import { existsSync, writeFileSync } from "node:fs";
if (existsSync("slow")) {
  writeFileSync("here", "");
  await new Promise((resolve) => setTimeout(resolve, 60_000));
}
export default { app: "./app.mjs" };
`;

interface Case {
  readonly where: string;
  readonly config: string;
  readonly app: string;
  readonly script?: true;
}

const CASES: readonly Case[] = [
  {
    where: 'Python reads the config file',
    config: `${WAIT}wait_when_slow()\n`,
    app: WSGI,
  },
  {
    where: 'the application is loaded ahead',
    config: 'preload_app = True\n',
    app: `${WSGI}\nwait_when_slow()\n`,
  },
  {
    where: 'on_reload runs',
    config: `${WAIT}\ndef on_reload(server):\n    wait_when_slow()\n`,
    app: WSGI,
  },
  {
    where: 'a config file in JavaScript waits',
    config: WAITING_SCRIPT,
    app: 'export default { fetch: () => new Response("hi") };\n',
    script: true,
  },
];

describe('SIGTERM', { concurrency: 2 }, () => {
  for (const { where, config, app, script } of CASES) {
    test(`while ${where} for a reload the server ends with 0, and nothing is left`, async (t) => {
      const name = script ? 'tunicorn.config.mjs' : 'gunicorn.conf.py';
      const cwd = await temporaryFolder({ [name]: config, [script ? 'app.mjs' : 'web.py']: app });
      const args = ['-c', name, '--python', PYTHON];
      const server = await startServer(t, { app: script ? './app.mjs' : 'web:app', cwd, args });
      writeFileSync(join(cwd, 'slow'), '');
      server.signal('SIGHUP');
      await eventually(() => existsSync(join(cwd, 'here')), 'the reload to wait');
      // A second one waits for the first.
      server.signal('SIGHUP');
      await server.line(/Handling signal: hup/, 2);
      const family = server.childPids();
      server.signal('SIGTERM');
      assert.deepEqual(await soon(server.exited, 'the end'), { code: 0, signal: null });
      await eventually(() => !family.some(isAlive), `${family} to have gone`);
      assert.doesNotMatch(server.log(), /\[ERROR\]|Reload refused/);
    });
  }
});
