// Starts the server that a row of the freeze table is played on, looks at its processes from outside (memory, processor,
// connections, files), and ends it and all that it left behind, by pid.

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { NormalClients } from '../src/drill/normal-clients.ts';
import type { Target } from '../src/drill/target.ts';
import { makeCertificate } from '../test/support/certificates.ts';
import { openConnections } from '../test/support/open-connections.ts';
import { descendantsOf, isAlive, processorMs, residentBytes } from '../test/support/processes.ts';
import { findPython, root, tunicorn } from './contenders.ts';
import { endsWithBench, killIfThere, temporaryFolder } from './leave-nothing.ts';
import { freePort } from './load.ts';

export type ServerName = 'tunicorn' | 'gunicorn';
export type AppType = 'wsgi' | 'node';

export interface Choice {
  readonly server: ServerName;
  readonly kind: AppType;
  /** PYTHONPATH of another Gunicorn than Debian's. */
  readonly gunicornPath: string | undefined;
}

export interface StandOptions {
  readonly threads: number;
  readonly workers?: number;
  /** Options that both servers know. */
  readonly args?: readonly string[];
  /** Options of Tunicorn alone. */
  readonly ours?: readonly string[];
  /** The most descriptors that each process may have. */
  readonly descriptors?: number;
  readonly tls?: boolean;
}

const READY_MS = 20_000;
const STOP_MS = 4_000;
const SAMPLE_MS = 250;
const MIB = 2 ** 20;
/** Of a core: more than this is no server at rest. */
export const IDLE_SHARE = 0.1;
const IDLE_WINDOWS = 3;
/** The server's temporary files, in the folder of the stand. */
const TEMPORARY = 'temporary';

/** A server under test. */
export class Stand {
  readonly target: Target;
  readonly pid: number;
  readonly #child: ChildProcess;
  readonly #folder: string;
  readonly #port: number;
  /** All that were ever seen below it: what outlives the server is found among them. */
  readonly #seen = new Set<number>();
  readonly #sampler: NodeJS.Timeout;
  #output = '';
  #peakBytes = 0;

  private constructor(child: ChildProcess, port: number, folder: string, tls: boolean) {
    this.#child = child;
    this.pid = child.pid ?? 0;
    this.#port = port;
    this.#folder = folder;
    this.target = { at: port, tls };
    const keep = (text: Buffer): void => {
      this.#output = (this.#output + text.toString()).slice(-20_000);
    };
    child.stdout?.on('data', keep);
    child.stderr?.on('data', keep);
    child.on('error', (error) => {
      this.#output += error.message;
    });
    this.#sampler = setInterval(() => this.#sample(), SAMPLE_MS);
  }

  /** Resolves when it answers. */
  static async start(choice: Choice, options: StandOptions): Promise<Stand> {
    const port = await freePort();
    const folder = temporaryFolder('freeze');
    mkdirSync(join(folder, TEMPORARY));
    const [program = '', ...args] = commandFor(choice, options, port, folder);
    const { descriptors } = options;
    const limited = ['-c', `ulimit -n ${descriptors}; exec "$0" "$@"`, program, ...args];
    const child = spawn(
      descriptors === undefined ? program : 'sh',
      descriptors === undefined ? args : limited,
      {
        cwd: `${root}test/apps/${choice.kind}`,
        env: {
          ...process.env,
          TMPDIR: join(folder, TEMPORARY),
          ...(choice.gunicornPath === undefined ? {} : { PYTHONPATH: choice.gunicornPath }),
        },
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    );
    if (child.pid !== undefined) child.once('exit', endsWithBench(child.pid));
    const stand = new Stand(child, port, folder, options.tls === true);
    if (await stand.#answers()) return stand;
    await stand.stop();
    throw new Error(`${program} ${args.join(' ')} did not answer:\n${stand.log()}`);
  }

  /** The last that it printed. */
  log(): string {
    return this.#output;
  }

  /** The living processes of the server, the arbiter first. */
  family(): number[] {
    const all = [this.pid, ...descendantsOf(this.pid)].filter(isAlive);
    for (const pid of all) this.#seen.add(pid);
    return all;
  }

  /** All that were ever below it and live. */
  survivors(): number[] {
    this.family();
    return [...this.#seen].filter(isAlive);
  }

  /** The most that all processes together had so far, MiB; sampled. */
  peakMib(): number {
    this.#sample();
    return Math.round(this.#peakBytes / MIB);
  }

  residentMib(): number {
    return Math.round(this.family().reduce((sum, pid) => sum + residentBytes(pid), 0) / MIB);
  }

  connections(): number {
    return openConnections(this.#port);
  }

  temporaryFiles(): number {
    return readdirSync(join(this.#folder, TEMPORARY)).length;
  }

  /** Processor time of all its living processes so far. */
  processorMs(): number {
    return this.family().reduce((sum, pid) => sum + processorMs(pid), 0);
  }

  /**
   * The share of a core that it uses while nobody asks for anything: the least of some windows of `ms`. Collecting the
   * garbage of five heaps when it has become quiet fills one of them, a loop that spins fills them all.
   */
  async idleShare(ms: number): Promise<number> {
    let least = Number.POSITIVE_INFINITY;
    for (let window = 0; window < IDLE_WINDOWS && least > IDLE_SHARE; window++) {
      const [before, began] = [this.processorMs(), performance.now()];
      await sleep(ms);
      const used = Math.max(0, this.processorMs() - before);
      least = Math.min(least, used / (performance.now() - began));
    }
    return least;
  }

  /** Ends it. Gives how many processes had to be killed because they outlived it. */
  async stop(): Promise<number> {
    clearInterval(this.#sampler);
    this.family();
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      this.#child.kill('SIGTERM');
      const ended = new Promise((resolve) => this.#child.once('exit', resolve));
      await Promise.race([ended, sleep(STOP_MS, undefined, { ref: false })]);
      // A server that does not end is no left-over of itself: it is ended, and what is below it counts.
      killIfThere(this.pid);
    }
    await sleep(SAMPLE_MS);
    const left = [...this.#seen].filter((pid) => pid !== this.pid && isAlive(pid));
    for (const pid of left) killIfThere(pid);
    rmSync(this.#folder, { recursive: true, force: true });
    return left.length;
  }

  #sample(): void {
    const bytes = this.family().reduce((sum, pid) => sum + residentBytes(pid), 0);
    this.#peakBytes = Math.max(this.#peakBytes, bytes);
  }

  async #answers(): Promise<boolean> {
    const clients = new NormalClients(this.target, { path: '/', count: 1 });
    try {
      for (
        let waited = 0;
        waited < READY_MS && this.#child.exitCode === null;
        waited += SAMPLE_MS
      ) {
        if ((await clients.measure(SAMPLE_MS)).answers > 0) return true;
      }
      return false;
    } finally {
      clients.stop();
    }
  }
}

function commandFor(
  { server, kind }: Choice,
  options: StandOptions,
  port: number,
  folder: string,
): readonly string[] {
  const { threads, workers = 1, args = [], ours = [], tls = false } = options;
  const shape = ['--workers', String(workers), '--threads', String(threads)];
  const common = [...shape, ...args, ...(tls ? makeCertificate(folder).args : [])];
  const app = kind === 'wsgi' ? 'freezes:app' : './freezes.mjs';
  if (server === 'tunicorn') {
    const temporary = join(folder, TEMPORARY);
    const own = ['--python', findPython(), '--tmp-dir', temporary, '--log-level', 'error'];
    return [...tunicorn(port), ...common, ...own, ...ours, app];
  }
  const bind = ['-k', 'gthread', '--bind', `127.0.0.1:${port}`];
  return ['/usr/bin/python3', '-m', 'gunicorn', ...bind, ...common, app];
}
