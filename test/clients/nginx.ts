// nginx as a proxy in front, run from a folder of its own: it listens on a unix socket there (a port cannot be asked of it
// without naming one), keeps its temporary files there, and ends with the test.

import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { temporaryFolder } from '../end-to-end/serving.ts';
import { eventually } from '../support/eventually.ts';
import { Program } from '../support/program.ts';
import { RawClient } from '../support/raw-client.ts';

export interface ProxyOptions {
  readonly upstreamPort: number;
  /** Lines inside `upstream { }`, such as `keepalive 16;`. */
  readonly upstream?: string;
  /** Lines inside `location / { }`. */
  readonly location?: string;
}

/** What makes nginx keep its connections to us. */
export const KEPT = 'proxy_http_version 1.1; proxy_set_header Connection "";';

export interface Nginx {
  readonly socketPath: string;
  readonly program: Program;
}

/** Resolves when nginx takes connections. */
export async function startNginx(t: TestContext, options: ProxyOptions): Promise<Nginx> {
  const folder = await temporaryFolder();
  const socketPath = join(folder, 'socket');
  await mkdir(join(folder, 'temp'));
  const file = join(folder, 'nginx.conf');
  await writeFile(file, configuration(folder, socketPath, options));
  const program = new Program(t, {
    command: 'nginx',
    args: ['-p', folder, '-c', file, '-e', 'stderr'],
    // Debian keeps it in /usr/sbin, which only root has in its PATH.
    env: { PATH: `${process.env['PATH'] ?? ''}:/usr/sbin` },
  });
  await eventually(async () => {
    const client = await RawClient.connect(t, socketPath);
    client.destroy();
    return true;
  }, `nginx to listen: ${program.log()}`);
  return { socketPath, program };
}

function configuration(folder: string, socketPath: string, options: ProxyOptions): string {
  const { upstreamPort, upstream = '', location = '' } = options;
  // As root nginx would drop its rights, and could not reach the folder.
  const user = process.getuid?.() === 0 ? 'user root;' : '';
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${join(folder, 'temp')};`,
  );
  return `
    ${user}
    daemon off;
    worker_processes 2;
    pid ${join(folder, 'pid')};
    error_log stderr warn;
    events { worker_connections 2048; }
    http {
      ${temporary.join('\n      ')}
      access_log off;
      client_max_body_size 0;
      upstream server {
        server 127.0.0.1:${upstreamPort};
        ${upstream}
      }
      server {
        listen unix:${socketPath};
        location / {
          proxy_pass http://server;
          ${location}
        }
      }
    }
  `;
}
