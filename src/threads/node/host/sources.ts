// Hears from a Node.js thread which files its application was loaded from, on a port of its own, so that nothing of the
// wire that carries requests knows of it.

import { MessageChannel, type MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import type { SourcesNews } from '../../../wire/node-thread.ts';

export type SourcesListener = (files: readonly string[], sinceMs: number) => void;

export class SourcesPort {
  readonly #ports = new MessageChannel();
  readonly #listener: SourcesListener;

  constructor(listener: SourcesListener) {
    this.#listener = listener;
    this.#ports.port1.on('message', (message: unknown) => this.#hear(message));
    this.#ports.port1.unref();
  }

  /** The thread's end, to be transferred to it. */
  get guest(): MessagePort {
    return this.#ports.port2;
  }

  /** What was said and has not been heard yet, before something else is told. */
  hearAll(): void {
    for (;;) {
      const received = receiveMessageOnPort(this.#ports.port1);
      if (received === undefined) return;
      this.#hear(received.message);
    }
  }

  /** The application runs in the thread that says it. */
  #hear(message: unknown): void {
    const { files, sinceMs } = (message ?? {}) as Partial<SourcesNews>;
    if (!Array.isArray(files) || typeof sinceMs !== 'number') return;
    this.#listener(
      files.filter((path) => typeof path === 'string'),
      sinceMs,
    );
  }
}
