// Reads server-sent events out of text that comes in pieces (WHATWG HTML, 9.2.6). The browser's own EventSource cannot send a token, so
// the page reads the stream itself. What has no data is no message, as there; ids and retry times are of no use here and passed over.

export interface Message {
  readonly event: string;
  readonly data: string;
}

/** A message of 10,000 connections in bins is some 30 kB; a server that sends without an end is not ours. */
const MESSAGE_CHARS_MAX = 16 * 1024 * 1024;

export class EventStream {
  /** The beginning of a line whose end has not come. */
  #rest = '';
  #event = '';
  #data: string[] = [];
  #length = 0;

  /** The messages that this piece completes. Throws when one is too long. */
  push(piece: string): Message[] {
    const text = this.#rest + piece;
    // A CR at the end may be half of a CRLF.
    const whole = text.endsWith('\r') ? text.slice(0, -1) : text;
    const lines = whole.split(/\r\n|\n|\r/);
    this.#rest = (lines.pop() ?? '') + text.slice(whole.length);
    if (this.#rest.length > MESSAGE_CHARS_MAX) throw new Error('a line of the feed has no end');
    return lines.flatMap((line) => this.#take(line));
  }

  #take(line: string): Message[] {
    if (line === '') return this.#dispatch();
    const [, field = '', value = ''] = /^([^:]*)(?:: ?(.*))?$/s.exec(line) ?? [];
    if (field === 'event') this.#event = value;
    if (field === 'data') {
      this.#length += value.length;
      if (this.#length > MESSAGE_CHARS_MAX) throw new Error('a message of the feed has no end');
      this.#data.push(value);
    }
    return [];
  }

  #dispatch(): Message[] {
    const message = { event: this.#event || 'message', data: this.#data.join('\n') };
    const isOne = this.#data.length > 0;
    this.#event = '';
    this.#data = [];
    this.#length = 0;
    return isOne ? [message] : [];
  }
}
