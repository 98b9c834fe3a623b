// nginx as a proxy in front, of HTTP or below it, run from a folder of its own: it listens on a unix socket there (a port
// cannot be asked of it without naming one; below HTTP it inherits one), keeps its temporary files there, and ends with the
// test.

import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { temporaryFolder } from '../end-to-end/serving.ts';
import { eventually } from '../support/eventually.ts';
import { listeningSocket } from '../support/listening-socket.ts';
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
  return started(t, folder, socketPath, configuration(folder, socketPath, options));
}

/** Debian's package libnginx-mod-stream. */
const STREAM_MODULE = '/usr/lib/nginx/modules/ngx_stream_module.so';

/** Passes bytes on and names the client by a PROXY header; listens on a port of 127.0.0.1, too. */
export async function startNginxBelowHttp(
  t: TestContext,
  upstreamPort: number,
): Promise<Nginx & { readonly port: number }> {
  const folder = await temporaryFolder();
  const socketPath = join(folder, 'socket');
  const { port, fd, close } = await listeningSocket();
  const text = `
    load_module ${STREAM_MODULE};
    ${common(folder)}
    stream {
      server {
        listen 127.0.0.1:${port};
        listen unix:${socketPath};
        proxy_protocol on;
        proxy_pass 127.0.0.1:${upstreamPort};
      }
    }
  `;
  const nginx = await started(t, folder, socketPath, text, fd);
  close();
  return { ...nginx, port };
}

/** @param inherited a listening socket of ours; its address must be one that the configuration listens on */
async function started(
  t: TestContext,
  folder: string,
  socketPath: string,
  text: string,
  inherited?: number,
): Promise<Nginx> {
  const file = join(folder, 'nginx.conf');
  await writeFile(file, text);
  const program = new Program(t, {
    command: 'nginx',
    args: ['-p', folder, '-c', file, '-e', 'stderr'],
    env: {
      // Debian keeps it in /usr/sbin, which only root has in its PATH.
      PATH: `${process.env['PATH'] ?? ''}:/usr/sbin`,
      // How nginx hands its sockets to a new nginx.
      ...(inherited === undefined ? {} : { NGINX: '3;' }),
    },
    inherits: inherited === undefined ? [] : [inherited],
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
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${join(folder, 'temp')};`,
  );
  return `
    ${common(folder)}
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

function common(folder: string): string {
  // As root nginx would drop its rights, and could not reach the folder.
  const user = process.getuid?.() === 0 ? 'user root;' : '';
  return `
    ${user}
    daemon off;
    worker_processes 2;
    pid ${join(folder, 'pid')};
    error_log stderr warn;
    events { worker_connections 2048; }
  `;
}
