// SIGUSR2: starts the command anew as a second arbiter on the same listening sockets, for a new version of the server, of
// Node.js or of anything. Both serve until one of them is told to leave; either may.

import { type ChildProcess, spawn } from 'node:child_process';
import type { Log } from '../../observe/log.ts';
import type { Listener } from '../sockets/listeners.ts';
import { bequeathSecret, bequest } from './inheritance.ts';
import { type Supervision, supervisionFor } from './supervisor.ts';

/** How this process was started, before it changed anything. */
export interface Command {
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  /** The listening sockets are systemd's, and stand for `bind`. */
  readonly activated: boolean;
  readonly supervision: Supervision | null;
}

export class Heir {
  readonly #command: Command;
  readonly #ticketSecret: Buffer;
  #child: ChildProcess | null = null;

  constructor(command: Command, ticketSecret: Buffer) {
    this.#command = command;
    this.#ticketSecret = ticketSecret;
  }

  /** The one that was started last lives. */
  get lives(): boolean {
    return this.#child !== null;
  }

  /** Of the one that lives; null without. */
  get pid(): number | null {
    return this.#child?.pid ?? null;
  }

  /** `log` is asked for anew for each line; `gone` is told the pid of one that has ended while this process lives. */
  start(listeners: readonly Listener[], log: () => Log, gone: (pid: number) => void): void {
    const failed = (error: Error): void => {
      this.#child = null;
      log().error(`The new arbiter could not be started: ${error.message}. This one goes on.`);
    };
    try {
      const child = this.#spawn(listeners);
      // First of all: a process without descriptors for another has neither its streams nor its end to tell of.
      child.on('error', failed);
      this.#adopt(child, log, gone);
    } catch (error) {
      // spawn throws what it does not tell as an event, such as a lack of memory.
      failed(error instanceof Error ? error : new Error(String(error)));
    }
  }

  #spawn(listeners: readonly Listener[]): ChildProcess {
    const { cwd, env, activated, supervision } = this.#command;
    return spawn(process.execPath, [...process.execArgv, ...process.argv.slice(1)], {
      cwd,
      env: { ...env, ...bequest(listeners, activated), ...supervisionFor(supervision) },
      stdio: ['inherit', 'inherit', 'inherit', ...listeners.map(({ fd }) => fd), 'pipe'],
    });
  }

  #adopt(child: ChildProcess, log: () => Log, gone: (pid: number) => void): void {
    this.#child = child;
    child.on('exit', (code, signal) => {
      this.#child = null;
      if (child.pid !== undefined) gone(child.pid);
      const how = signal ?? `exit code ${code}`;
      log().warning(`The new arbiter (pid: ${child.pid}) has ended (${how}). This one goes on.`);
    });
    if (child.pid === undefined) return;
    bequeathSecret(child.stdio.at(-1), this.#ticketSecret);
    // It lives on when we have left.
    child.unref();
    log().info(`New arbiter started with pid: ${child.pid}`);
  }
}
