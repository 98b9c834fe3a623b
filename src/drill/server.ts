// The server of a drill, seen from the process that plays the rows: started in a private folder, asked until it answers,
// ended with all that it started. What it printed is kept, for whoever has to know why a row was not held.

import { type ChildProcess, fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monotonicMs } from '../clock.ts';
import { programAt } from '../package-folder.ts';
import type { Settings } from '../settings/settings.ts';
import { probePath } from '../wire/probe.ts';
import { NormalClients } from './normal-clients.ts';
import { privateSettings } from './private-settings.ts';
import type { DrillStart } from './server-main.ts';
import type { Target } from './target.ts';
import { within } from './within.ts';

const SERVER_MAIN = programAt('drill-server');
/** Beyond boot_timeout, after which the worker itself is given up. */
const READY_SLACK_MS = 5_000;
const ASK_MS = 100;
/** INT ends an arbiter at once; one that is still there is killed, and its workers notice. */
const END_MS = 5_000;
const LOG_BYTES = 100_000;

export class DrillServer {
  readonly target: Target;
  readonly token = randomBytes(12).toString('hex');
  readonly #settings: Settings;
  readonly #folder = mkdtempSync(join(tmpdir(), 'tunicorn-drill-'));
  #child: ChildProcess | null = null;
  #ended: Promise<unknown> = Promise.resolve();
  #stopped = false;
  #log = '';

  constructor(settings: Settings) {
    const socket = join(this.#folder, 'drill.sock');
    this.#settings = privateSettings(settings, socket);
    this.target = { at: socket, tls: settings.certfile !== null };
  }

  /** The last that it printed. */
  log(): string {
    return this.#log;
  }

  /** Milliseconds until it answered; null when it ended before, or never did. */
  async start(): Promise<number | null> {
    const beganMs = monotonicMs();
    const child = fork(SERVER_MAIN, [], {
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      execArgv: [],
    });
    this.#child = child;
    this.#ended = new Promise((resolve) => child.once('exit', resolve));
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.#log = (this.#log + text).slice(-LOG_BYTES);
      });
    }
    const start: DrillStart = { settings: this.#settings, probe: this.token };
    child.send({ ...start });
    return (await this.#answers()) ? monotonicMs() - beganMs : null;
  }

  /** Ends it and starts it anew; as `start`. */
  async restart(): Promise<number | null> {
    await this.#end();
    // Ctrl-C may have come in between: a server that was ended for good does not come back.
    return this.#stopped ? null : this.start();
  }

  /** Ends it; its folder is gone then. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#end();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #end(): Promise<void> {
    this.#child?.kill('SIGINT');
    if (!(await within(this.#ended, END_MS))) this.#child?.kill('SIGKILL');
    await this.#ended;
  }

  async #answers(): Promise<boolean> {
    const untilMs = monotonicMs() + this.#settings.boot_timeout * 1000 + READY_SLACK_MS;
    const path = probePath(this.token, 'ok');
    const clients = new NormalClients(this.target, { path, count: 1 });
    try {
      while (monotonicMs() < untilMs) {
        if ((await clients.measure(ASK_MS)).answers > 0) return true;
        if (this.#child?.exitCode !== null || this.#child.signalCode !== null) return false;
      }
      return false;
    } finally {
      clients.stop();
    }
  }
}
