// A server with a gunicorn.conf.py whose hooks write down that they were called, for the tests of hooks.

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { getOnce } from '../support/raw-client.ts';
import { type Server, startServer } from '../support/server.ts';
import { eventually, PYTHON, temporaryFolder } from './serving.ts';

/** What the config files begin with: a line of JSON in the file `trace` for each hook. */
const NOTES = `
import json, os

def note(hook, **more):
    with open("trace", "a") as trace:
        trace.write(json.dumps(dict(hook=hook, here=os.getpid(), **more)) + "\\n")
`;

const APP = `
import logging, os, time

server_log = logging.getLogger("gunicorn.error")
# As Flask applications do it.
shop_log = logging.getLogger("shop")
shop_log.handlers = server_log.handlers
shop_log.setLevel(server_log.level)

def app(environ, start_response):
    path = environ["PATH_INFO"]
    if path == "/log":
        server_log.debug("too little")
        server_log.warning("by the %s", "server's logger")
        shop_log.info("by its own")
    if path == "/raise":
        raise ValueError("on purpose")
    if path == "/pause":
        time.sleep(0.02)
    if path == "/hang":
        while True:
            time.sleep(0.01)
    start_response("200 OK", [("Content-Type", "text/plain"), ("X-Kind", "plain")])
    if path == "/pieces":
        return (piece for piece in [b"one", b"two"])
    return [str(os.getpid()).encode()]
`;

export interface Note {
  readonly hook: string;
  readonly here: number;
  readonly [name: string]: unknown;
}

export interface Hooked {
  readonly server: Server;
  readonly folder: string;
  configure(text: string): void;
  notes(): Note[];
  /** Waits until the hook has been called so many times; the last one. */
  note(hook: string, count?: number): Promise<Note>;
  get(path: string): Promise<{ status: number; body: string }>;
}

/** The config file, and the application web:app. */
export function folderWith(config: string): Promise<string> {
  return temporaryFolder({ 'gunicorn.conf.py': NOTES + config, 'web.py': APP });
}

/** A server with that config file, ready. */
export async function hooked(
  t: TestContext,
  config: string,
  args: readonly string[] = [],
): Promise<Hooked> {
  const folder = await folderWith(config);
  const all = ['--python', PYTHON, ...args];
  return around(t, await startServer(t, { app: 'web:app', cwd: folder, args: all }), folder);
}

export function around(t: TestContext, server: Server, folder: string): Hooked {
  const notes = (): Note[] => {
    const path = join(folder, 'trace');
    const lines = existsSync(path) ? readFileSync(path, 'utf8').split('\n') : [];
    return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as Note);
  };
  return {
    server,
    folder,
    notes,
    configure: (text) => writeFileSync(join(folder, 'gunicorn.conf.py'), NOTES + text),
    note: (hook, count = 1) =>
      eventually(
        () => notes().filter((one) => one.hook === hook)[count - 1],
        `${hook}, ${count} times`,
      ),
    async get(path) {
      const { status, body } = await getOnce(t, server.port, path);
      return { status, body: body.toString() };
    },
  };
}
