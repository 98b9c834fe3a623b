// Reads HTTP/1.1 answers off one connection as the clients of a drill need them: their status, whether the connection
// stays, where each ends. Bodies are counted and thrown away. A server that frames wrongly is noticed, not forgiven.

export interface Answer {
  readonly status: number;
  /** The server keeps the connection. */
  readonly keeps: boolean;
  readonly bodyBytes: number;
  readonly retryAfter: boolean;
}

/** A head beyond this is no answer. */
const HEAD_MAX = 65_536;
const CHUNK_LINE_MAX = 1_024;

type Phase = 'head' | 'length' | 'chunk line' | 'chunk' | 'trailer' | 'until close' | 'broken';

export class AnswerReader {
  readonly #onAnswer: (answer: Answer) => void;
  #phase: Phase = 'head';
  /** Text of a head, or of a line, that is not complete. */
  #text = '';
  #left = 0;
  #bytes = 0;
  #status = 0;
  #keeps = true;
  #retryAfter = false;

  /** `onAnswer` is called for each final answer when it is complete. */
  constructor(onAnswer: (answer: Answer) => void) {
    this.#onAnswer = onAnswer;
  }

  /** The stream makes no sense as HTTP/1.1. */
  get broken(): boolean {
    return this.#phase === 'broken';
  }

  /** An answer has begun and is not complete. */
  get midAnswer(): boolean {
    return this.#phase !== 'head' || this.#text !== '';
  }

  push(bytes: Buffer): void {
    let at = 0;
    while (at < bytes.length && this.#phase !== 'broken') at = this.#step(bytes, at);
  }

  /** The server has ended its side: the end of a body that only the close ends. */
  ended(): void {
    if (this.#phase === 'until close') this.#complete();
  }

  /** @returns where the next step begins */
  #step(bytes: Buffer, at: number): number {
    switch (this.#phase) {
      case 'head':
        return this.#takeUntil(bytes, at, '\r\n\r\n', HEAD_MAX, (head) => this.#head(head));
      case 'chunk line':
        return this.#takeUntil(bytes, at, '\r\n', CHUNK_LINE_MAX, (line) => this.#chunkLine(line));
      case 'trailer':
        return this.#takeUntil(bytes, at, '\r\n', HEAD_MAX, (line) => {
          if (line === '') this.#complete();
        });
      case 'until close':
        this.#bytes += bytes.length - at;
        return bytes.length;
      default: {
        const taken = Math.min(this.#left, bytes.length - at);
        this.#left -= taken;
        this.#bytes += taken;
        if (this.#left === 0) this.#bodyPartOver();
        return at + taken;
      }
    }
  }

  #takeUntil(
    bytes: Buffer,
    at: number,
    end: string,
    most: number,
    take: (text: string) => void,
  ): number {
    const before = this.#text.length;
    // As much as a line may have: a body that follows is not turned into text.
    this.#text += bytes.toString('latin1', at, Math.min(bytes.length, at + most));
    const found = this.#text.indexOf(end, Math.max(0, before - end.length));
    if (found < 0) {
      if (this.#text.length >= most) this.#phase = 'broken';
      return bytes.length;
    }
    const text = this.#text.slice(0, found);
    this.#text = '';
    take(text);
    return at + found + end.length - before;
  }

  #head(head: string): void {
    const status = /^HTTP\/1\.[01] ([1-5]\d\d)/.exec(head)?.[1];
    if (status === undefined) {
      this.#phase = 'broken';
      return;
    }
    this.#status = Number(status);
    if (this.#status < 200) return;
    this.#keeps = !/^connection:[^\r]*\bclose\b/im.test(head) && head.startsWith('HTTP/1.1');
    this.#retryAfter = /^retry-after:/im.test(head);
    this.#bytes = 0;
    this.#begin(head);
  }

  #begin(head: string): void {
    if (this.#status === 204 || this.#status === 304) {
      this.#complete();
    } else if (/^transfer-encoding:[^\r]*\bchunked\b/im.test(head)) {
      this.#phase = 'chunk line';
    } else {
      const length = /^content-length:[ \t]*(\d+)/im.exec(head)?.[1];
      this.#left = Number(length ?? 0);
      if (length === undefined) {
        this.#keeps = false;
        this.#phase = 'until close';
      } else if (this.#left === 0) this.#complete();
      else this.#phase = 'length';
    }
  }

  #chunkLine(line: string): void {
    const size = Number.parseInt(line, 16);
    if (Number.isNaN(size)) this.#phase = 'broken';
    else if (size === 0) this.#phase = 'trailer';
    else {
      // With the line end behind it.
      this.#left = size + 2;
      this.#phase = 'chunk';
    }
  }

  #bodyPartOver(): void {
    if (this.#phase === 'chunk') {
      this.#bytes -= 2;
      this.#phase = 'chunk line';
    } else this.#complete();
  }

  #complete(): void {
    this.#phase = 'head';
    this.#onAnswer({
      status: this.#status,
      keeps: this.#keeps,
      bodyBytes: this.#bytes,
      retryAfter: this.#retryAfter,
    });
  }
}
