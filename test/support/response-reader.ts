// Reads HTTP/1.1 responses strictly from bytes as they come: what a lenient client would forgive is an error here. It
// pulls bytes from whoever feeds it and remembers them raw.

export interface RawResponse {
  readonly version: string;
  readonly status: number;
  readonly reason: string;
  /** In the order and spelling of the server. */
  readonly fields: readonly (readonly [name: string, value: string])[];
  /** The value of a field that stands once at most; fails the test if it is repeated. */
  field(name: string): string | undefined;
  /** Decoded: without chunk framing. */
  readonly body: Buffer;
  readonly framing: 'none' | 'length' | 'chunked' | 'close';
  /** The sizes of the chunks as they were framed. */
  readonly chunks: readonly number[];
  readonly trailers: readonly (readonly [name: string, value: string])[];
  /** Exactly what was on the wire. */
  readonly raw: Buffer;
}

/** More bytes, or null when the other side has ended. */
export type Pull = () => Promise<Buffer | null>;

type Field = readonly [name: string, value: string];

export class ResponseReader {
  readonly #pull: Pull;
  #ahead: Buffer = Buffer.alloc(0);
  /** What came behind it: put together when it is looked at, and not at each read of a large body. */
  #behind: Buffer[] = [];
  #behindBytes = 0;
  #raw: Buffer[] = [];

  constructor(pull: Pull) {
    this.#pull = pull;
  }

  /** Bytes that were received and belong to no response yet. */
  get ahead(): Buffer {
    if (this.#behind.length > 0) {
      this.#ahead = Buffer.concat([this.#ahead, ...this.#behind]);
      this.#behind = [];
      this.#behindBytes = 0;
    }
    return this.#ahead;
  }

  /** Gives `bytes` bytes as they come, outside of any response. */
  async take(bytes: number): Promise<Buffer> {
    while (this.#ahead.length + this.#behindBytes < bytes) await this.#more(`${bytes} bytes`);
    return this.#consume(bytes);
  }

  /** Gives everything up to and with `end`, outside of any response. */
  async takeThrough(end: string): Promise<Buffer> {
    for (;;) {
      const at = this.ahead.indexOf(end);
      if (at >= 0) return this.#consume(at + end.length);
      await this.#more(JSON.stringify(end));
    }
  }

  /** The next response, interim ones (1xx) each for itself. `toHead`: it answers a HEAD request, so no body follows. */
  async read(toHead = false): Promise<RawResponse> {
    this.#raw = [];
    const statusLine = await this.#line();
    const match = /^(HTTP\/1\.[01]) ([1-5]\d\d) ([\t\x20-\x7e\x80-\xff]*)$/.exec(statusLine);
    if (match === null) throw new Error(`Not a status line: ${JSON.stringify(statusLine)}`);
    const [, version = '', status = '', reason = ''] = match;
    const fields = await this.#fields();
    const chunks: number[] = [];
    const framing = framingOf(Number(status), fields, toHead);
    let trailers: Field[] = [];
    let body: Buffer = Buffer.alloc(0);
    if (framing === 'length') body = await this.take(lengthOf(fields));
    else if (framing === 'close') body = await this.#rest();
    else if (framing === 'chunked') {
      body = await this.#chunks(chunks);
      trailers = await this.#fields();
    }
    const raw = Buffer.concat(this.#raw);
    const field = (name: string): string | undefined => single(fields, name);
    return {
      version,
      status: Number(status),
      reason,
      fields,
      field,
      body,
      framing,
      chunks,
      trailers,
      raw,
    };
  }

  async #fields(): Promise<Field[]> {
    const fields: Field[] = [];
    for (let line = await this.#line(); line !== ''; line = await this.#line()) {
      const match = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[ \t]*([^\0\r\n]*?)[ \t]*$/.exec(line);
      if (match === null) throw new Error(`Not a field line: ${JSON.stringify(line)}`);
      fields.push([match[1] ?? '', match[2] ?? '']);
    }
    return fields;
  }

  async #chunks(sizes: number[]): Promise<Buffer> {
    const pieces: Buffer[] = [];
    for (;;) {
      const line = await this.#line();
      if (!/^[0-9a-fA-F]{1,8}$/.test(line)) {
        throw new Error(`Not a chunk size: ${JSON.stringify(line)}`);
      }
      const size = Number.parseInt(line, 16);
      if (size === 0) return Buffer.concat(pieces);
      sizes.push(size);
      pieces.push(await this.take(size));
      if ((await this.#line()) !== '') throw new Error('No line end after a chunk');
    }
  }

  async #rest(): Promise<Buffer> {
    for (;;) {
      const bytes = await this.#pull();
      if (bytes === null) return this.#consume(this.ahead.length);
      this.#append(bytes);
    }
  }

  async #line(): Promise<string> {
    for (;;) {
      const end = this.ahead.indexOf('\n');
      if (end >= 0) {
        const line = this.#consume(end + 1).toString('latin1');
        if (!line.endsWith('\r\n')) throw new Error(`A bare LF: ${JSON.stringify(line)}`);
        return line.slice(0, -2);
      }
      await this.#more('a line');
    }
  }

  async #more(what: string): Promise<void> {
    const bytes = await this.#pull();
    if (bytes === null) {
      const got = JSON.stringify(this.ahead.toString('latin1').slice(0, 200));
      throw new Error(`The server closed where ${what} was due; had ${got}`);
    }
    this.#append(bytes);
  }

  #append(bytes: Buffer): void {
    if (this.#ahead.length === 0 && this.#behind.length === 0) this.#ahead = bytes;
    else {
      this.#behind.push(bytes);
      this.#behindBytes += bytes.length;
    }
  }

  #consume(bytes: number): Buffer {
    const ahead = this.ahead;
    const taken = ahead.subarray(0, bytes);
    this.#ahead = ahead.subarray(bytes);
    this.#raw.push(taken);
    return taken;
  }
}

/** RFC 9112, 6.3, without its mercy for messages that say two things. */
function framingOf(
  status: number,
  fields: readonly Field[],
  toHead: boolean,
): RawResponse['framing'] {
  const coding = single(fields, 'transfer-encoding');
  const length = single(fields, 'content-length');
  if (coding !== undefined && length !== undefined) {
    throw new Error('Both Transfer-Encoding and Content-Length');
  }
  if (status < 200 || status === 204) {
    if (coding !== undefined || length !== undefined)
      throw new Error(`Framing fields on ${status}`);
    return 'none';
  }
  if (toHead || status === 304) return 'none';
  if (coding !== undefined) {
    if (coding !== 'chunked') throw new Error(`Transfer-Encoding: ${coding}`);
    return 'chunked';
  }
  return length === undefined ? 'close' : 'length';
}

function lengthOf(fields: readonly Field[]): number {
  const text = single(fields, 'content-length') ?? '';
  if (!/^\d+$/.test(text)) throw new Error(`Content-Length: ${text}`);
  return Number(text);
}

function single(fields: readonly Field[], name: string): string | undefined {
  const found = fields.filter(([each]) => each.toLowerCase() === name.toLowerCase());
  if (found.length > 1) throw new Error(`${name} stands ${found.length} times`);
  return found[0]?.[1];
}
