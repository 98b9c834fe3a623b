// A program that a test starts, watches through its output, and is sure to get rid of: when the test ends the program
// and all its descendants are gone, and when it failed the output is printed.

import { type ChildProcess, spawn } from 'node:child_process';
import type { TestContext } from 'node:test';
import { eventually, soon } from './eventually.ts';
import { descendantsOf, isAlive } from './processes.ts';

export interface ProgramOptions {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd?: string | undefined;
  /** On top of the test's own environment; undefined takes a variable away. */
  readonly env?: NodeJS.ProcessEnv | undefined;
  /** Its own process group, so that a test can signal the group as a terminal does. */
  readonly detached?: boolean | undefined;
  /** Descriptors of ours that it has as 3, 4 and so on. */
  readonly inherits?: readonly number[] | undefined;
}

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export class Program {
  readonly pid: number;
  /** Resolves when the process has ended and its output is read. */
  readonly exited: Promise<Exit>;
  readonly #child: ChildProcess;
  readonly #waiting = new Set<() => void>();
  #output = '';
  #standardOutput = '';
  #ended = false;

  /** Starts the program; the test's end cleans up after it. */
  constructor(t: TestContext, options: ProgramOptions) {
    const { command, args, cwd, env, detached = false, inherits = [] } = options;
    this.#child = spawn(command, args, {
      cwd,
      env: { ...process.env, ...env },
      detached,
      stdio: ['ignore', 'pipe', 'pipe', ...inherits],
    });
    this.pid = this.#child.pid ?? 0;
    this.#child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.#standardOutput += text;
      this.#hear(text);
    });
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => this.#hear(text));
    this.exited = new Promise((resolve, reject) => {
      this.#child.on('error', reject);
      this.#child.on('close', (code, signal) => {
        this.#ended = true;
        this.#hear('');
        resolve({ code, signal });
      });
    });
    // Whoever waits for it hears of a failed start; that nobody waits is no reason to end the test run.
    this.exited.catch(() => undefined);
    t.after(async () => {
      await endFamily(this.pid);
      // @types/node 20 does not know `passed` yet; Node.js 20 does.
      if (Reflect.get(t, 'passed') === false)
        t.diagnostic(`output of ${command}:\n${this.#output}`);
    });
  }

  /** Everything written to standard output and standard error so far. */
  log(): string {
    return this.#output;
  }

  /** What was written to standard output alone. */
  standardOutput(): string {
    return this.#standardOutput;
  }

  /** Nobody reads what it writes to standard output any more. */
  ignoreStandardOutput(): void {
    this.#child.stdout?.pause();
  }

  /** The living descendants, children first. */
  childPids(): number[] {
    return descendantsOf(this.pid);
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Signals the process group, as a terminal does. Needs `detached`. */
  signalGroup(signal: NodeJS.Signals): void {
    process.kill(-this.pid, signal);
  }

  /** Waits until the output holds `count` matches of `pattern`; gives back the last one. */
  async line(pattern: RegExp, count = 1): Promise<RegExpMatchArray> {
    const global = new RegExp(pattern.source, `${pattern.flags.replace('g', '')}g`);
    const search = (): RegExpMatchArray | undefined =>
      [...this.#output.matchAll(global)][count - 1];
    const found = new Promise<RegExpMatchArray>((resolve, reject) => {
      const look = (): void => {
        const match = search();
        if (match !== undefined) resolve(match);
        else if (this.#ended)
          reject(new Error(`The program ended without ${pattern}:\n${this.#output}`));
        else return;
        this.#waiting.delete(look);
      };
      this.#waiting.add(look);
      look();
    });
    return soon(found, `${count} x ${pattern} in the output`).catch((error: unknown) => {
      throw new Error(`${String(error)}\n${this.#output}`);
    });
  }

  /** Sends TERM (or another signal) and waits for the end. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<Exit> {
    this.signal(signal);
    return soon(this.exited, `the program to end after ${signal}`);
  }

  /** SIGKILL to this process alone; its children are left to notice. */
  async kill(): Promise<Exit> {
    return this.stop('SIGKILL');
  }

  #hear(text: string): void {
    this.#output += text;
    for (const look of [...this.#waiting]) look();
  }
}

/** A process and all its descendants, as they are now; for what a program leaves behind, too, like a new arbiter. */
export async function endFamily(pid: number): Promise<void> {
  const family = [pid, ...descendantsOf(pid)];
  for (const each of family) {
    try {
      if (isAlive(each)) process.kill(each, 'SIGKILL');
    } catch {
      // It ended between the look and the signal.
    }
  }
  await eventually(() => !family.some(isAlive), `processes ${family.join(', ')} to be gone`);
}
