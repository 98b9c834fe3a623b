// Watches a server as its status page does: reads the server-sent events of /live and keeps them.

import type { Frame, History, LiveEvent, Point } from '../../src/wire/live.ts';
import { eventually } from './eventually.ts';

export class LiveViewer {
  readonly histories: History[] = [];
  readonly frames: Frame[] = [];
  /** Frames as they came. */
  readonly texts: string[] = [];
  hasEnded = false;
  readonly #abort = new AbortController();

  /** Rejects when it is not let in. `base`: "http://127.0.0.1:8001". */
  static async open(base: string, headers: Record<string, string> = {}): Promise<LiveViewer> {
    const viewer = new LiveViewer();
    const response = await fetch(`${base}/live`, { headers, signal: viewer.#abort.signal });
    if (response.status !== 200 || response.body === null) {
      throw new Error(`${response.status}: ${await response.text()}`);
    }
    void viewer.#read(response.body);
    await eventually(() => viewer.histories.length > 0, 'no history came');
    return viewer;
  }

  /** All that were told, the history's first. */
  get points(): readonly Point[] {
    return [...(this.histories[0]?.points ?? []), ...this.frames.flatMap(({ points }) => points)];
  }

  get events(): readonly LiveEvent[] {
    return [...(this.histories[0]?.events ?? []), ...this.frames.flatMap(({ events }) => events)];
  }

  /** The first frame from now on of which that is true. */
  async frame(isWanted: (frame: Frame) => boolean, what: string): Promise<Frame> {
    const from = this.frames.length;
    return eventually(() => this.frames.slice(from).find(isWanted), what);
  }

  /** The first of which that is true, whenever it was. */
  event(isWanted: (event: LiveEvent) => boolean, what: string): Promise<LiveEvent> {
    return eventually(() => this.events.find(isWanted), what);
  }

  close(): void {
    this.#abort.abort();
  }

  async #read(body: ReadableStream<Uint8Array>): Promise<void> {
    const decoder = new TextDecoder();
    let text = '';
    try {
      for await (const piece of body as unknown as AsyncIterable<Uint8Array>) {
        text += decoder.decode(piece, { stream: true });
        const messages = text.split('\n\n');
        text = messages.pop() ?? '';
        for (const message of messages) this.#take(message);
      }
    } catch {
      // Cut off, by us or by the server.
    }
    this.hasEnded = true;
  }

  #take(message: string): void {
    const [, name, content = ''] = /^event: (\w+)\ndata: (.*)$/s.exec(message) ?? [];
    if (name === 'history') this.histories.push(JSON.parse(content) as History);
    else if (name === 'frame') {
      this.frames.push(JSON.parse(content) as Frame);
      this.texts.push(content);
    } else throw new Error(`no message of ours: ${message}`);
  }
}
