// The body of a request for a fetch application: read at once as text or bytes without a stream, or as a stream whose
// pulls are what lets the client send more.

import type { Inlet } from '../inlet.ts';

export class BodyReader {
  used = false;
  readonly #inlet: Inlet;

  constructor(inlet: Inlet) {
    this.#inlet = inlet;
  }

  async text(): Promise<string> {
    const text = (await this.#all()).toString('utf8');
    return text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
  }

  async arrayBuffer(): Promise<ArrayBuffer> {
    return new Uint8Array(await this.#all()).buffer;
  }

  stream(): ReadableStream<Uint8Array> {
    this.used = true;
    const inlet = this.#inlet;
    return new ReadableStream<Uint8Array>(
      {
        pull: async (controller) => {
          const bytes = await this.#next();
          if (bytes === null) controller.close();
          else controller.enqueue(new Uint8Array(bytes));
        },
        cancel: () => inlet.discard(),
      },
      { highWaterMark: 0 },
    );
  }

  async #all(): Promise<Buffer> {
    if (this.used) throw new TypeError('Body is unusable: Body has already been read');
    this.used = true;
    const whole = this.#inlet.takeWhole();
    if (whole !== null) return whole;
    const parts: Buffer[] = [];
    for (;;) {
      const bytes = await this.#next();
      if (bytes === null) return Buffer.concat(parts);
      parts.push(bytes);
    }
  }

  /** The next bytes, null at the end. Rejects when the client left or broke the framing. */
  #next(): Promise<Buffer | null> {
    const inlet = this.#inlet;
    return new Promise((resolve, reject) => {
      const look = (): void => {
        const bytes = inlet.failed ? null : inlet.take();
        if (bytes === null && !inlet.failed && !inlet.done) {
          inlet.onChange = look;
          return;
        }
        inlet.onChange = null;
        if (inlet.failed) reject(new TypeError('The request body was cut off.'));
        else resolve(bytes);
      };
      look();
    });
  }
}
