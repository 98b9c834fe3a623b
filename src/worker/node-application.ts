// A Node.js application on T worker_threads threads of this process. A thread that dies is replaced; the others go on.

import type { AppSpec } from '../settings/app-spec.ts';
import type { AppThread, Failure } from '../threads/app-thread.ts';
import { NodeThread } from '../threads/node/host/node-thread.ts';
import type { Application, ApplicationOptions } from './application.ts';
import { RestartDelay, within } from './restart.ts';

export class NodeApplication implements Application {
  readonly #options: ApplicationOptions;
  readonly #app: Extract<AppSpec, { type: 'node' }>;
  readonly #threads = new Set<NodeThread>();
  readonly #delay = new RestartDelay();
  /** Threads started so far: a replacement has a name of its own. */
  #started = 0;
  #stopping = false;

  constructor(options: ApplicationOptions, app: Extract<AppSpec, { type: 'node' }>) {
    this.#options = options;
    this.#app = app;
  }

  async start(): Promise<void> {
    const first = Array.from({ length: this.#options.settings.threads }, (_, at) =>
      this.#startThread(at + 1),
    );
    await Promise.all(first);
  }

  tick(nowMs: number): void {
    for (const thread of this.#threads) thread.poll(nowMs);
    for (const thread of this.#threads) {
      if (thread.blocked && this.#othersCanServe()) {
        for (const job of thread.unstarted()) this.#options.dispatcher.giveBack(job);
      }
    }
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    await Promise.all([...this.#threads].map((thread) => thread.stop()));
  }

  kill(): void {
    this.#stopping = true;
    for (const thread of this.#threads) void thread.kill();
  }

  /** @param number which place of the pool it fills */
  async #startThread(number: number): Promise<void> {
    const { settings, dispatcher, log } = this.#options;
    this.#started += 1;
    this.#delay.started();
    const thread = new NodeThread(
      {
        name: `thread ${this.#started}`,
        number,
        app: this.#app,
        concurrency: settings.thread_concurrency,
        chdir: settings.chdir,
        env: process.env,
        probe: this.#options.probe,
        log,
      },
      {
        roomMade: (which) => dispatcher.roomMade(which),
        handedBack: (which, jobs) => dispatcher.handedBack(which, jobs),
        died: (which, failure) => this.#died(which, failure, number),
      },
    );
    this.#threads.add(thread);
    try {
      await within(settings.boot_timeout, thread.start(), () => void thread.kill());
    } catch (error) {
      this.#threads.delete(thread);
      throw error;
    }
    if (!this.#stopping) dispatcher.addThread(thread);
  }

  /** One that is blocked has no room. */
  #othersCanServe(): boolean {
    for (const thread of this.#threads) if (thread.room > 0) return true;
    return false;
  }

  #died(thread: AppThread, failure: Failure, number: number): void {
    for (const known of this.#threads) if (known === thread) this.#threads.delete(known);
    if (this.#stopping) return;
    this.#options.dispatcher.died(thread, failure);
    this.#replace(number);
  }

  #replace(number: number): void {
    if (this.#stopping) return;
    setTimeout(() => {
      if (this.#stopping) return;
      this.#startThread(number).catch((error: unknown) => {
        if (this.#stopping) return;
        this.#options.log.error(
          `A thread could not load the application again.\n${messageOf(error)}`,
        );
        this.#replace(number);
      });
    }, this.#delay.afterDeath());
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
