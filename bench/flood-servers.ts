// The servers of bench/flood: ours without a limit and with limits, Gunicorn alone and behind Debian's nginx, which then
// limits rate and connections of each address by the same numbers. One worker of four threads each, and an application whose
// requests take 20 ms of a thread: 200 a second, by no processor.

import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { findPython, root, tunicorn } from './contenders.ts';
import { temporaryFolder } from './leave-nothing.ts';
import { freePort, type Running, start } from './load.ts';

/** Of each address. */
const PER_SECOND = 20;
const BURST = 40;
const CONNECTIONS = 50;

/** More than there are clients in any scene. */
const MOST_CONNECTIONS = 8192;
const BACKLOG = 4096;

export interface FloodServer {
  readonly name: string;
  /** Why it cannot be measured here; null: it can. */
  readonly missing: string | null;
  start(): Promise<Running>;
}

const python = findPython();
const folder = `${root}test/apps/wsgi`;
const APP = 'freezes:app';

const common = [
  ...['--threads', '4', '--worker-connections', `${MOST_CONNECTIONS}`, '--backlog', `${BACKLOG}`],
];

async function startOurs(options: readonly string[]): Promise<Running> {
  const port = await freePort();
  const command = [...tunicorn(port), '--log-level', 'error', '--python', python];
  return start([...command, ...common, ...options, APP], folder, port);
}

async function startGunicorn(): Promise<Running> {
  const port = await freePort();
  const command = [python, '-m', 'gunicorn', '-k', 'gthread', '--bind', `127.0.0.1:${port}`];
  return start([...command, '--log-level', 'error', ...common, APP], folder, port);
}

/** The path of Debian's, which only root has in its PATH. */
const NGINX = '/usr/sbin/nginx';

async function startBehindNginx(): Promise<Running> {
  const behind = await startGunicorn();
  const place = temporaryFolder('flood');
  try {
    const port = await freePort();
    mkdirSync(join(place, 'temp'));
    const file = join(place, 'nginx.conf');
    writeFileSync(file, nginxConfig(place, port, behind.port));
    const env = { ...process.env, PATH: `${process.env['PATH'] ?? ''}${delimiter}/usr/sbin` };
    const front = await start(
      [NGINX, '-p', place, '-c', file, '-e', 'stderr'],
      place,
      port,
      'http',
      {
        env,
      },
    );
    return {
      ...front,
      stop: async () => {
        await front.stop();
        await behind.stop();
      },
    };
  } catch (error) {
    await behind.stop();
    throw error;
  }
}

function nginxConfig(place: string, port: number, behind: number): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${join(place, 'temp')};`,
  );
  return `
    ${process.getuid?.() === 0 ? 'user root;' : ''}
    daemon off;
    worker_processes 1;
    worker_rlimit_nofile ${2 * MOST_CONNECTIONS + 100};
    pid ${join(place, 'pid')};
    error_log /dev/null crit;
    events { worker_connections ${2 * MOST_CONNECTIONS}; }
    http {
      ${temporary.join('\n      ')}
      access_log off;
      limit_req_zone $binary_remote_addr zone=rate:64m rate=${PER_SECOND}r/s;
      limit_conn_zone $binary_remote_addr zone=open:64m;
      limit_req_status 429;
      limit_conn_status 429;
      upstream behind { server 127.0.0.1:${behind}; keepalive 64; }
      server {
        listen 127.0.0.1:${port} backlog=${BACKLOG};
        location / {
          limit_req zone=rate burst=${BURST} nodelay;
          limit_conn open ${CONNECTIONS};
          proxy_http_version 1.1;
          proxy_set_header Connection "";
          proxy_pass http://behind;
        }
      }
    }
  `;
}

const hasGunicorn = existsSync('/usr/lib/python3/dist-packages/gunicorn');
const noGunicorn = hasGunicorn ? null : 'Gunicorn is not installed';

export const FLOOD_SERVERS: readonly FloodServer[] = [
  { name: 'Tunicorn, no limit set', missing: null, start: () => startOurs([]) },
  {
    name: 'Tunicorn, limits',
    missing: null,
    start: () =>
      startOurs([
        ...['--limit-connections', `${CONNECTIONS}`],
        ...['--limit-rate', `${PER_SECOND}/s:${BURST}`],
      ]),
  },
  {
    name: 'nginx with limits, Gunicorn',
    missing: noGunicorn ?? (existsSync(NGINX) ? null : 'nginx is not installed'),
    start: startBehindNginx,
  },
  { name: 'Gunicorn', missing: noGunicorn, start: startGunicorn },
];
