// What costs the workers something is done a few times at once and no more: who asks meanwhile is refused, and may ask again.

import { Refusal } from '../control/refusal.ts';

export class AtOnce {
  readonly #most: number;
  #running = 0;

  constructor(most: number) {
    this.#most = most;
  }

  async run<Result>(deed: () => Promise<Result>): Promise<Result> {
    if (this.#running >= this.#most)
      throw new Refusal(503, 'Others are asking; again in a moment.');
    this.#running += 1;
    try {
      return await deed();
    } finally {
      this.#running -= 1;
    }
  }
}
