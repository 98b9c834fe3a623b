// The servers of bench/mixed, each with the same program and the same number of workers: how each is started on a port,
// and how it is ended with all that it has started. What is not installed is left out by name.

import { execFile, execFileSync } from 'node:child_process';
import { existsSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { descendantsOf } from '../test/support/processes.ts';
import { root, tunicorn } from './contenders.ts';
import { endsWithBench, killIfThere, temporaryFolder } from './leave-nothing.ts';
import { freePort, type Running, start } from './load.ts';

export interface MixedOptions {
  readonly workers: number;
  /** Of each worker of ours; the others have one each. */
  readonly threads: number;
  readonly timeoutSeconds: number;
  /** A folder whose node_modules has express, and pm2 and wattpm if they are to be measured. */
  readonly modules: string;
  /** Watt wants a newer Node.js than we do; null: there is none. */
  readonly newerNode: string | null;
  /** What 100 ms of a core are, for the program. */
  readonly work: number;
}

export interface MixedServer {
  readonly name: string;
  readonly shape: string;
  /** Why it cannot be measured here; null: it can. */
  readonly missing: string | null;
  start(): Promise<Running>;
}

/** The program, with the modules that it needs beside it, and what the others want to be told in a file. */
export class Folder {
  readonly path = temporaryFolder('mixed');
  readonly #modules: string;

  constructor({ modules, workers }: MixedOptions) {
    this.#modules = join(modules, 'node_modules');
    symlinkSync(this.#modules, join(this.path, 'node_modules'));
    const program = readFileSync(`${root}test/apps/node/mixed-program.cjs`, 'utf8');
    this.write('package.json', '{ "name": "mixed", "private": true }');
    this.write('server.cjs', program);
    this.write('cluster.cjs', clusterProgram(workers));
  }

  write(name: string, text: string): void {
    writeFileSync(join(this.path, name), text);
  }

  /** Where the command of a package lies; null: it is not installed. */
  script(path: string): string | null {
    const found = join(this.#modules, path);
    return existsSync(found) ? found : null;
  }

  versionOf(module: string): string {
    const manifest: unknown = JSON.parse(
      readFileSync(join(this.#modules, module, 'package.json'), 'utf8'),
    );
    const has = typeof manifest === 'object' && manifest !== null && 'version' in manifest;
    return has ? String(manifest.version) : 'unknown';
  }
}

/** As the page of node:cluster shows it. */
function clusterProgram(workers: number): string {
  return `const cluster = require('node:cluster');
if (cluster.isPrimary) {
  for (let n = 0; n < ${workers}; n++) cluster.fork();
  process.once('SIGTERM', () => process.exit());
} else require('./server.cjs');
`;
}

/** On a machine with more cores, all servers get the same ones, as many as there are workers. */
function onTheirCores(workers: number, command: readonly string[]): readonly string[] {
  if (os.cpus().length <= workers || !existsSync('/usr/bin/taskset')) return command;
  return ['/usr/bin/taskset', '-c', `0-${workers - 1}`, ...command];
}

export function mixedServers(folder: Folder, options: MixedOptions): readonly MixedServer[] {
  const { workers, threads, timeoutSeconds, newerNode, work } = options;
  const launch = async (
    command: (port: number) => readonly string[],
    env: (port: number) => NodeJS.ProcessEnv = () => ({}),
  ): Promise<Running> => {
    const port = await freePort();
    const all = { MIXED_WORK: String(work), PORT: String(port), NODE_ENV: 'production' };
    const place = { env: { ...process.env, ...all, ...env(port) }, patienceMs: 60_000 };
    return start(onTheirCores(workers, command(port)), folder.path, port, 'http', place);
  };
  const pm2 = folder.script('pm2/bin/pm2');
  const watt = folder.script('wattpm/bin/cli.js');
  return [
    {
      name: 'Tunicorn',
      shape: `${workers} workers x ${threads} threads`,
      missing: null,
      start: () =>
        launch((port) => [
          ...[...tunicorn(port), '--timeout', String(timeoutSeconds), '--log-level', 'error'],
          ...['--workers', String(workers), '--threads', String(threads), './server.cjs'],
        ]),
    },
    {
      name: 'node:cluster',
      shape: `${workers} processes`,
      missing: null,
      start: () => launch(() => [process.execPath, 'cluster.cjs']),
    },
    {
      name: 'PM2, cluster mode',
      shape: `${workers} processes`,
      missing: pm2 === null ? 'pm2 is not installed' : null,
      start: () => startPm2(folder, pm2 ?? '', workers, launch),
    },
    {
      name: 'Watt',
      shape: `${workers} workers, on its Node.js ${versionOf(newerNode)}`,
      missing:
        watt === null
          ? 'wattpm is not installed'
          : newerNode === null
            ? 'there is no Node.js 24 for it'
            : null,
      start: () =>
        launch((port) => {
          folder.write('watt.json', wattConfig(port, workers));
          return [newerNode ?? '', watt ?? '', 'start'];
        }),
    },
  ];
}

function versionOf(node: string | null): string {
  if (node === null) return '24';
  return execFileSync(node, ['--version'], { encoding: 'utf8' }).trim().replace('v', '');
}

type Launch = (
  command: (port: number) => readonly string[],
  env: (port: number) => NodeJS.ProcessEnv,
) => Promise<Running>;

/** In a home of its own, whose daemon is ended with it: nobody's PM2 is touched. */
async function startPm2(
  folder: Folder,
  pm2: string,
  workers: number,
  launch: Launch,
): Promise<Running> {
  const home = temporaryFolder('pm2');
  const apps = [
    { name: 'mixed', script: './server.cjs', instances: workers, exec_mode: 'cluster' },
  ];
  folder.write('ecosystem.config.cjs', `module.exports = ${JSON.stringify({ apps })};\n`);
  const env = { PM2_HOME: home };
  const running = await launch(
    () => [process.execPath, pm2, 'start', 'ecosystem.config.cjs'],
    () => env,
  );
  const daemon = Number(readFileSync(join(home, 'pm2.pid'), 'utf8'));
  const ended = endsWithBench(daemon);
  return {
    pid: daemon,
    port: running.port,
    stop: async () => {
      const family = [daemon, ...descendantsOf(daemon)];
      await promisify(execFile)(process.execPath, [pm2, 'kill'], {
        env: { ...process.env, ...env },
        timeout: 20_000,
      }).catch(() => undefined);
      for (const pid of family) killIfThere(pid);
      ended();
    },
  };
}

function wattConfig(port: number, workers: number): string {
  return JSON.stringify({
    module: '@platformatic/node',
    node: { main: 'server.cjs' },
    runtime: {
      server: { hostname: '127.0.0.1', port },
      workers,
      logger: { level: 'error' },
      managementApi: false,
      metrics: false,
      healthProbes: false,
    },
  });
}
