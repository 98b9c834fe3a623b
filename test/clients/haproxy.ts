// HAProxy as a proxy in front. It inherits a socket that listens already, so that no port need be guessed and nobody waits
// for it to be ready, and it ends with the test.

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { temporaryFolder } from '../end-to-end/serving.ts';
import { listeningSocket } from '../support/listening-socket.ts';
import { Program } from '../support/program.ts';

export interface HaproxyOptions {
  readonly mode: 'http' | 'tcp';
  /** Lines of the frontend. */
  readonly frontend?: readonly string[];
  /** Lines of the backend; `server one 127.0.0.1:8000` is one. */
  readonly backend: readonly string[];
}

export interface Haproxy {
  readonly port: number;
  readonly program: Program;
}

export async function startHaproxy(t: TestContext, options: HaproxyOptions): Promise<Haproxy> {
  const folder = await temporaryFolder();
  const file = join(folder, 'haproxy.cfg');
  await writeFile(file, configuration(options));
  const { port, fd, close } = await listeningSocket();
  const program = new Program(t, {
    command: 'haproxy',
    // In the foreground, one process.
    args: ['-db', '-f', file],
    // Debian keeps it in /usr/sbin, which only root has in its PATH.
    env: { PATH: `${process.env['PATH'] ?? ''}:/usr/sbin` },
    inherits: [fd],
  });
  close();
  return { port, program };
}

function configuration({ mode, frontend = [], backend }: HaproxyOptions): string {
  return [
    'global',
    '  maxconn 500',
    'defaults',
    `  mode ${mode}`,
    '  timeout connect 10s',
    '  timeout client 60s',
    '  timeout server 60s',
    'frontend clients',
    '  bind fd@3',
    ...frontend.map((line) => `  ${line}`),
    '  default_backend servers',
    'backend servers',
    ...backend.map((line) => `  ${line}`),
    '',
  ].join('\n');
}
