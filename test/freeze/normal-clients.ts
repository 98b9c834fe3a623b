// The clients whom nothing may disturb, as the rows of the freeze table need them: each asks for one path again and
// again on a connection of its own, and comes back when that closes. Anything but 200 is remembered.

import type { TestContext } from 'node:test';
import { type RawClient, requestBytes, type Served } from '../end-to-end/serving.ts';
import { eventually } from '../support/eventually.ts';

/** Between two requests of one client: short enough to see that all are served, long enough to be no load. */
const PAUSE_MS = 50;

export class NormalClients {
  /** Answers 200 that each client got. */
  readonly answers: number[];
  /** Everything that was not 200. */
  failures: string[] = [];
  /** The longest time that an answer took, ms. */
  slowestMs = 0;
  readonly #served: Served;
  readonly #over: Promise<void>[];
  #stopped = false;

  /** They stop with the test, however it ends. */
  constructor(t: TestContext, served: Served, count: number) {
    this.#served = served;
    this.answers = new Array<number>(count).fill(0);
    this.#over = this.answers.map((_, index) => this.#serve(index));
    t.after(() => this.stop());
  }

  /** Resolves when each of them has got so many more answers. */
  async allServed(more: number, withinMs?: number): Promise<void> {
    const before = [...this.answers];
    const served = (): boolean =>
      this.answers.every((count, index) => count >= (before[index] ?? 0) + more);
    await eventually(served, `each normal client to be served ${more} times`, withinMs);
  }

  /** What was so far does not count. */
  forget(): void {
    this.failures = [];
    this.slowestMs = 0;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#over);
  }

  async #serve(index: number): Promise<void> {
    const request = requestBytes('GET', '/', {});
    let client: RawClient | null = null;
    while (!this.#stopped) {
      try {
        client ??= await this.#served.connect();
        const beganMs = performance.now();
        await client.send(request);
        const answer = await client.readResponse();
        this.slowestMs = Math.max(this.slowestMs, performance.now() - beganMs);
        if (answer.status === 200) this.answers[index] = (this.answers[index] ?? 0) + 1;
        else this.failures.push(`${answer.status}`);
        if (/close/i.test(answer.field('connection') ?? '')) {
          client.destroy();
          client = null;
        }
      } catch (error) {
        client?.destroy();
        client = null;
        if (!this.#stopped) this.failures.push(String(error));
      }
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
    client?.destroy();
  }
}
