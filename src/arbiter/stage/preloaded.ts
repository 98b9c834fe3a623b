// `preload_app`: a Python process of the arbiter that loads the application once, and forks one for each worker that asks, so
// that all share its memory. One for each generation of workers; it serves nobody itself, and when it dies those that were
// forked go on: another is started, and meanwhile workers load the application themselves. One that stands still is killed.

import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import type { Duplex } from 'node:stream';
import { bridgePath } from '../../bridge-path.ts';
import { endOf, wireOf } from '../../child-end.ts';
import { monotonicMs } from '../../clock.ts';
import { messageOf } from '../../message-of.ts';
import type { Log } from '../../observe/log.ts';
import { serverCode } from '../../observe/server-codes.ts';
import { processTitle, serverName } from '../../settings/process-name.ts';
import type { Settings } from '../../settings/settings.ts';
import {
  type FromPreload,
  LineReader,
  type PreloadAddress,
  type PreloadQuestion,
  type PreloadStart,
  socketName,
} from '../../wire/preload.ts';
import { exitCodeForBoot, exitCodes } from '../exit-codes.ts';
import { Backoff } from '../fleet/backoff.ts';
import type { Outputs } from '../fleet/outputs.ts';
import { type Owner, startAs } from '../owner.ts';

export interface PreloadOptions {
  readonly settings: Settings;
  /** "package.module:callable". */
  readonly app: string;
  /** The real Python executable. */
  readonly python: string;
  readonly env: NodeJS.ProcessEnv;
  /** Whose rights it gets; null: those of this process. */
  readonly owner: Owner | null;
  readonly log: Log;
  /** Reads what it and the Pythons that are forked from it print; null: they print where we do. */
  readonly outputs: Outputs | null;
}

/** The application could not be loaded ahead. `message`: as a worker says it, with the traceback. */
export class PreloadError extends Error {
  readonly exitCode: number;
  /** From what it was loaded until then; with `reload` only. */
  readonly files: readonly string[];

  constructor(exitCode: number, message: string, files: readonly string[] = []) {
    super(message);
    this.exitCode = exitCode;
    this.files = files;
  }
}

/** As a worker that loads for itself (worker/application/restart.ts). */
const SLOW_SHARE = 0.8;
/** After graceful_timeout the last worker of the generation has gone, and the process a moment later. */
const LEAVE_MS = 10_000;
/** It answers in a moment, or after a fork. Questions are counted and not time, so that a pause of our own proves nothing. */
const ASK_MS = 1_000;
const SILENT_QUESTIONS = 5;

export class Preloaded {
  /** Where workers ask; the same for as long as this generation lives. */
  readonly address: PreloadAddress = {
    address: socketName(randomBytes(16).toString('hex')),
    token: randomBytes(16).toString('hex'),
  };
  readonly #options: PreloadOptions;
  readonly #backoff = new Backoff();
  #loader: Loader | null = null;
  #over = false;

  constructor(options: PreloadOptions) {
    this.#options = options;
  }

  /** Resolves when workers may ask. Rejects with a PreloadError; nothing runs then. */
  async start(): Promise<void> {
    const loader = new Loader(this.#options, this.address);
    this.#loader = loader;
    await loader.ready;
    const sinceMs = monotonicMs();
    void loader.ended.then((how) => this.#died(how, monotonicMs() - sinceMs));
  }

  /** Another generation serves: the process goes when the last worker of this one has. */
  retire(): void {
    this.#over = true;
    this.#loader?.leave();
    setTimeout(() => this.end(), this.#options.settings.graceful_timeout * 1000 + LEAVE_MS).unref();
  }

  /** At once. Those that were forked go on as long as their workers. */
  end(): void {
    this.#over = true;
    this.#loader?.kill();
  }

  #died(how: string, servedMs: number | null): void {
    if (this.#over) return;
    const { delayMs } = this.#backoff.afterDeath(servedMs);
    this.#options.log.error(
      `Preloading process ${how}; the next one is started in ${delayMs} ms.`,
      serverCode('preload-ended'),
    );
    setTimeout(() => {
      if (this.#over) return;
      this.start().catch((error: unknown) => {
        const why = messageOf(error);
        this.#died(`could not load the application again: ${why}`, null);
      });
    }, delayMs).unref();
  }
}

/** One process, from its start to its end. */
class Loader {
  readonly ready: Promise<void>;
  /** Resolves to how, with its number. */
  readonly ended: Promise<string>;
  readonly #options: PreloadOptions;
  readonly #child: ChildProcess;
  readonly #wire: Duplex | null;
  readonly #timers: NodeJS.Timeout[] = [];
  #asking: NodeJS.Timeout | undefined;
  #unanswered = 0;
  #faultSignal = 0;
  #settle: (error: PreloadError | null) => void = () => undefined;

  constructor(options: PreloadOptions, address: PreloadAddress) {
    this.#options = options;
    this.ready = new Promise((resolve, reject) => {
      this.#settle = (error) => {
        for (const timer of this.#timers) clearTimeout(timer);
        if (error === null) resolve();
        else reject(error);
      };
    });
    this.#child = launch(options);
    this.#wire = wireOf(this.#child);
    this.ended = this.#watch();
    options.log.info(`Preloading the application (pid: ${this.#child.pid ?? 0})`);
    this.#speak(address);
    this.#watchTime();
  }

  leave(): void {
    clearInterval(this.#asking);
    this.#wire?.destroy();
  }

  kill(): void {
    // Not with what is below it: these are the Pythons of workers.
    this.#child.kill('SIGKILL');
    // What the application has forked has the other end, too, and would keep us here.
    this.#wire?.destroy();
  }

  #speak(address: PreloadAddress): void {
    const { settings, app } = this.#options;
    const { chdir, loglevel, pythonpath, umask } = settings;
    const start: PreloadStart = {
      ...address,
      title: processTitle('preload', serverName(settings)),
      app,
      chdir,
      loglevel,
      pythonpath,
      umask: umask === null ? process.umask() : Number.parseInt(umask, 8),
      sources: settings.reload,
      captured: this.#options.outputs !== null,
    };
    const lines = new LineReader<FromPreload>();
    this.#wire?.on('error', () => undefined);
    this.#wire?.setEncoding('utf8').on('data', (text: string) => {
      for (const message of lines.read(text)) this.#hear(message);
    });
    this.#wire?.write(`${JSON.stringify(start)}\n`);
  }

  #hear(message: FromPreload): void {
    if (message.kind === 'loading') this.#faultSignal = message.faultSignal;
    else if (message.kind === 'ready') {
      this.#warn(message.threads);
      this.#settle(null);
      this.#asking = setInterval(() => this.#ask(), ASK_MS).unref();
    } else if (message.kind === 'there') this.#unanswered = 0;
    else {
      const { exitCode, message: why, files } = message;
      this.#settle(new PreloadError(exitCodeForBoot(exitCode), why, files));
    }
  }

  /** Whoever is stopped or held, and not dead, would be missed by workers only, each of which would load for itself. */
  #ask(): void {
    const question: PreloadQuestion = { kind: 'there?' };
    if (this.#unanswered < SILENT_QUESTIONS) {
      this.#unanswered += 1;
      this.#wire?.write(`${JSON.stringify(question)}\n`);
      return;
    }
    clearInterval(this.#asking);
    this.#options.log.error(
      `Preloading process ${this.#child.pid} has not answered for ${(SILENT_QUESTIONS * ASK_MS) / 1000} s: killing it.`,
      serverCode('preload-ended'),
    );
    this.kill();
  }

  #warn(threads: readonly string[]): void {
    if (threads.length === 0) return;
    this.#options.log.warning(
      `The application started threads while it was loaded (${threads.join(', ')}): no worker has them, because threads are not forked. Start them at the first request, or leave --preload out.`,
    );
  }

  #watchTime(): void {
    const { boot_timeout: seconds } = this.#options.settings;
    const slowMs = Math.round(seconds * SLOW_SHARE * 1000);
    const slow = setTimeout(() => {
      this.#options.log.warning(
        `Still loading the application after ${slowMs / 1000} s (boot_timeout ${seconds} s). Where it is, on standard error:`,
      );
      if (this.#faultSignal > 0) process.kill(this.#child.pid ?? 0, this.#faultSignal);
    }, slowMs);
    const late = setTimeout(() => {
      const why = `It was not loaded within ${seconds} s (boot_timeout).`;
      this.#settle(new PreloadError(exitCodes.workerBoot, why));
      this.kill();
    }, seconds * 1000);
    this.#timers.push(slow, late);
  }

  /** After its last words; not when what it prints has ended, because forked ones have those pipes. */
  async #watch(): Promise<string> {
    const { app, python } = this.#options;
    this.#child.once('exit', () => clearInterval(this.#asking));
    const { code, signal, error } = await endOf(this.#child, this.#wire);
    if (error !== null) {
      const why = `Cannot run ${JSON.stringify(python)}: ${error.message}`;
      this.#settle(new PreloadError(exitCodes.workerBoot, why));
      return error.message;
    }
    const how = signal === null ? `ended with exit code ${code}` : `was killed by ${signal}`;
    const why = `Python process ${this.#child.pid} ${how} while it loaded ${app}.`;
    this.#settle(new PreloadError(exitCodes.workerBoot, why));
    return `${this.#child.pid} ${how}`;
  }
}

function launch(options: PreloadOptions): ChildProcess {
  const { app, python, env, owner, settings, outputs } = options;
  const args = [bridgePath('launch.py'), app, String(process.pid), 'preload'];
  const { program, before, ids } = startAs(owner, python);
  const printed = outputs === null ? 'inherit' : 'pipe';
  const child = spawn(program, [...before, ...args], {
    cwd: settings.chdir,
    env,
    stdio: ['ignore', printed, printed, 'pipe'],
    ...ids,
  });
  outputs?.readAll(child);
  return child;
}
