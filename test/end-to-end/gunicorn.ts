// Gunicorn over an application of test/apps/wsgi, for tests that compare with it.

import type { TestContext } from 'node:test';
import { Program } from '../support/program.ts';
import { PYTHON, WSGI_APPS } from './serving.ts';

/** Gives its port of 127.0.0.1 when a worker is being started. */
export async function startGunicorn(t: TestContext, args: readonly string[]): Promise<number> {
  const gunicorn = new Program(t, {
    command: PYTHON,
    args: ['-m', 'gunicorn', '--bind', '127.0.0.1:0', ...args],
    cwd: WSGI_APPS,
  });
  const [, port] = await gunicorn.line(/Listening at: http:\/\/127\.0\.0\.1:(\d+)/);
  await gunicorn.line(/Booting worker/);
  return Number(port);
}
