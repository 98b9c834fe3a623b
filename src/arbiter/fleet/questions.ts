// What is asked of one worker and not answered yet. Every question has a deadline: a worker that does not answer costs whoever
// asked that time and no more.

import type { ToWorker } from '../../wire/arbiter-worker.ts';
import type { Answer, Question } from '../../wire/control.ts';

/** More at once are not asked: somebody asks faster than the worker answers. */
const ASKED_MAX = 64;
/** With these: stacks of all threads may take seconds, and a worker that others ask meanwhile is not silent. */
const WITH_STACKS_MAX = 48;

export class Questions {
  readonly #say: (message: ToWorker) => void;
  readonly #asked = new Map<number, (answer: Answer | null) => void>();
  #last = 0;

  constructor(say: (message: ToWorker) => void) {
    this.#say = say;
  }

  /** Resolves to null when no answer has come within so many milliseconds, or the worker has gone. */
  ask(question: Question, withinMs: number): Promise<Answer | null> {
    const most = question.about === 'stack' ? WITH_STACKS_MAX : ASKED_MAX;
    if (this.#asked.size >= most) return Promise.resolve(null);
    this.#last += 1;
    const id = this.#last;
    return new Promise((resolve) => {
      const late = setTimeout(() => this.#settle(id, null), withinMs);
      this.#asked.set(id, (answer) => {
        clearTimeout(late);
        resolve(answer);
      });
      this.#say({ kind: 'ask', id, question });
    });
  }

  answered(id: number, answer: Answer): void {
    this.#settle(id, answer);
  }

  /** The worker has gone. */
  end(): void {
    for (const id of [...this.#asked.keys()]) this.#settle(id, null);
  }

  #settle(id: number, answer: Answer | null): void {
    const settle = this.#asked.get(id);
    this.#asked.delete(id);
    settle?.(answer);
  }
}
