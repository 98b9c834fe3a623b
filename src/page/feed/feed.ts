// Follows the server: reads its feed, tries again when the line is lost, and waits for a token where one is wanted. Whoever draws is told
// each time that something has changed. A line on which nothing comes for a while is taken for lost.

import { messageOf } from '../../message-of.ts';
import { FRAME_MS, type Frame, type History } from '../../wire/live.ts';
import { monotonicMs } from '../clock.ts';
import { bearer } from './asking.ts';
import { EventStream, type Message } from './event-stream.ts';
import { type LinkEvent, type LinkState, next, pauseMs } from './link.ts';
import { begun, followed, type Seen } from './seen.ts';
import { keepToken } from './token.ts';

/** A busy machine is late by a frame or two. */
const SILENCE_MS = 6 * FRAME_MS;

export interface Line {
  readonly state: LinkState;
  /** Why it is not live: a sentence; null: it is, or was not yet. */
  readonly why: string | null;
  /** When it tries again, on the clock of this page. */
  readonly againAtMs: number | null;
  /** When the last message came. */
  readonly heardAtMs: number | null;
  /** A token was shown, and it was the wrong one. */
  readonly wasRefused: boolean;
}

export class Feed {
  seen: Seen | null = null;
  line: Line = {
    state: 'connecting',
    why: null,
    againAtMs: null,
    heardAtMs: null,
    wasRefused: false,
  };
  #token: string | null;
  #failures = 0;
  #retry: ReturnType<typeof setTimeout> | undefined;
  readonly #changed: () => void;

  constructor(token: string | null, changed: () => void) {
    this.#token = token;
    this.#changed = changed;
  }

  get token(): string | null {
    return this.#token;
  }

  start(): void {
    void this.#follow();
  }

  unlock(token: string): void {
    this.#token = token;
    keepToken(token);
    this.#become('token given', { why: null });
    void this.#follow();
  }

  tryNow(): void {
    if (this.line.state !== 'waiting') return;
    clearTimeout(this.#retry);
    this.#become('try again', { againAtMs: null });
    void this.#follow();
  }

  async #follow(): Promise<void> {
    const stop = new AbortController();
    const silence = new Silence(() => stop.abort(new Error('nothing came for a while')));
    try {
      const headers = bearer(this.#token);
      const response = await fetch('live', { headers, cache: 'no-store', signal: stop.signal });
      if (response.status === 401) return this.#lock();
      if (!response.ok || response.body === null) {
        throw new Error(`it answered ${response.status}: ${await response.text()}`);
      }
      await this.#read(response.body, silence);
      throw new Error('it ended the line');
    } catch (error) {
      this.#lose(messageOf(error));
    } finally {
      silence.end();
    }
  }

  async #read(body: ReadableStream<Uint8Array<ArrayBuffer>>, silence: Silence): Promise<void> {
    const stream = new EventStream();
    const reader = body.pipeThrough(new TextDecoderStream()).getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      silence.broken();
      for (const message of stream.push(value)) this.#take(message);
    }
  }

  #take({ event, data }: Message): void {
    if (event === 'history') this.seen = begun(this.seen, JSON.parse(data) as History);
    else if (event === 'frame' && this.seen !== null) {
      this.seen = followed(this.seen, JSON.parse(data) as Frame);
    } else return;
    this.#failures = 0;
    const heard = { heardAtMs: monotonicMs(), why: null, wasRefused: false };
    if (this.line.state === 'connecting') this.#become('opened', heard);
    else {
      this.line = { ...this.line, ...heard };
      this.#changed();
    }
  }

  #lock(): void {
    this.#become('token wanted', { wasRefused: this.#token !== null });
  }

  #lose(why: string): void {
    this.#failures += 1;
    const pause = pauseMs(this.#failures);
    this.#become('failed', { why, againAtMs: monotonicMs() + pause });
    this.#retry = setTimeout(() => this.tryNow(), pause);
  }

  #become(event: LinkEvent, also: Partial<Line>): void {
    this.line = { ...this.line, ...also, state: next(this.line.state, event) };
    this.#changed();
  }
}

/** Calls back once nothing has come for too long. */
class Silence {
  #timer: ReturnType<typeof setTimeout>;
  readonly #over: () => void;

  constructor(over: () => void) {
    this.#over = over;
    this.#timer = setTimeout(over, SILENCE_MS);
  }

  broken(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.#over, SILENCE_MS);
  }

  end(): void {
    clearTimeout(this.#timer);
  }
}
