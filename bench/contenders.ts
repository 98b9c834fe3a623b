// The servers that bench/speed compares, each with the command that starts it for a kind of application and the same
// number of workers and threads; a server that is not installed is left out by name.

import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../../', import.meta.url));
const command = fileURLToPath(new URL('../programs/tunicorn.js', import.meta.url));

/** Our own command of the same build; options and the application follow. */
export function tunicorn(port: number): readonly string[] {
  return [process.execPath, command, '--bind', `127.0.0.1:${port}`];
}

export type AppKind = 'wsgi hello' | 'Flask hello' | 'node hello' | 'fetch hello';

export interface Shape {
  readonly app: AppKind;
  readonly workers: number;
  readonly threads: number;
}

export interface Contender {
  readonly name: string;
  readonly serves: readonly AppKind[];
  /** The command for a port; null when the server is not installed. */
  start(shape: Shape, port: number): readonly string[] | null;
}

const CANDIDATES = [process.env['TUNICORN_TEST_PYTHON'], '/usr/bin/python3', 'python3'];
let found: string | undefined;

/** The first that has Flask and Gunicorn: what the comparison runs in is the same for every Python server. */
export function findPython(): string {
  found ??= CANDIDATES.find((path) => path !== undefined && has(path, ['flask', 'gunicorn']));
  return found ?? '/usr/bin/python3';
}

/** Asked without importing them, which takes longer than all the rest of a short bench. */
function has(python: string, modules: readonly string[]): boolean {
  const question = `import sys, importlib.util; sys.exit(None in map(importlib.util.find_spec, sys.argv[1:]))`;
  try {
    execFileSync(python, ['-c', question, ...modules], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

const python = findPython();
export const hasGunicorn = found !== undefined || has(python, ['gunicorn']);
const uwsgi = ['/usr/bin/uwsgi', '/usr/local/bin/uwsgi'].find(existsSync);

const APPS: Readonly<Record<AppKind, string>> = {
  'wsgi hello': 'hello:app',
  'Flask hello': 'flask_hello:app',
  'node hello': './bench-listener.mjs',
  'fetch hello': './bench-fetch.mjs',
};

/** The folder in which an application is found. */
export function folderOf(app: AppKind): string {
  return `${root}test/apps/${APPS[app].startsWith('.') ? 'node' : 'wsgi'}`;
}

const PYTHON_APPS: readonly AppKind[] = ['wsgi hello', 'Flask hello'];

function uwsgiCommand(shape: Shape, listen: readonly string[]): readonly string[] | null {
  if (uwsgi === undefined) return null;
  const [module = '', callable = ''] = APPS[shape.app].split(':');
  return [
    uwsgi,
    ...[
      '--plugins',
      'http,python3',
      '--master',
      '--die-on-term',
      '--need-app',
      '--disable-logging',
    ],
    ...['--module', module, '--callable', callable, '--listen', '100'],
    ...['--processes', String(shape.workers), '--threads', String(shape.threads), ...listen],
  ];
}

export const CONTENDERS: readonly Contender[] = [
  {
    name: 'Tunicorn',
    serves: ['wsgi hello', 'Flask hello', 'node hello', 'fetch hello'],
    start: ({ app, workers, threads }, port) => [
      ...[...tunicorn(port), '--python', python],
      ...['--workers', String(workers), '--threads', String(threads), APPS[app]],
    ],
  },
  {
    name: 'Gunicorn gthread',
    serves: PYTHON_APPS,
    start: ({ app, workers, threads }, port) =>
      hasGunicorn
        ? [
            ...[python, '-m', 'gunicorn', '-k', 'gthread', '--bind', `127.0.0.1:${port}`],
            ...['--workers', String(workers), '--threads', String(threads), APPS[app]],
          ]
        : null,
  },
  {
    name: 'uWSGI, http router',
    serves: PYTHON_APPS,
    start: (shape, port) =>
      uwsgiCommand(shape, ['--http', `127.0.0.1:${port}`, '--http-keepalive']),
  },
  {
    name: 'uWSGI, direct socket',
    serves: PYTHON_APPS,
    start: (shape, port) => uwsgiCommand(shape, ['--http11-socket', `127.0.0.1:${port}`]),
  },
  {
    name: 'node:http alone',
    serves: ['node hello'],
    start: (_shape, port) => [
      process.execPath,
      `${root}test/apps/node/bench-listener.mjs`,
      String(port),
    ],
  },
  {
    name: '@hono/node-server',
    serves: ['fetch hello'],
    start: (_shape, port) => [
      process.execPath,
      `${root}test/apps/node/bench-fetch.mjs`,
      String(port),
    ],
  },
];

export const SHAPES: readonly Shape[] = [
  { app: 'wsgi hello', workers: 1, threads: 4 },
  { app: 'Flask hello', workers: 1, threads: 4 },
  { app: 'wsgi hello', workers: 2, threads: 4 },
  { app: 'Flask hello', workers: 2, threads: 4 },
  { app: 'node hello', workers: 1, threads: 1 },
  { app: 'fetch hello', workers: 1, threads: 1 },
];
