// Promises that an application handed to waitUntil: work that goes on after its response. A thread that stops waits
// for them; one that fails is reported and harms nobody.

class PendingWork {
  readonly #promises = new Set<Promise<unknown>>();

  add(promise: unknown): void {
    const watched = Promise.resolve(promise).catch((error: unknown) => {
      console.error('A promise given to waitUntil was rejected:', error);
    });
    this.#promises.add(watched);
    void watched.then(() => this.#promises.delete(watched));
  }

  async settled(): Promise<void> {
    while (this.#promises.size > 0) await Promise.all(this.#promises);
  }
}

export const pendingWork = new PendingWork();
