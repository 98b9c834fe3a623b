// A Response that remembers what it was made from, so that a short one is sent without a stream or a Headers object.
// It behaves as Node's own: what it cannot do itself it has the native class do, made when first needed.

import { fieldLines, hasName, headerList, listLines } from './header-list.ts';
import { standInFor } from './stand-in.ts';

type Native = typeof Response;
type BodyInit = ConstructorParameters<Native>[0];
type Source = string | Uint8Array | null;

/** A response as it can be sent at once. */
export interface PlainResponse {
  readonly status: number;
  readonly statusText: string;
  /** Field lines as in ReplyHead. */
  readonly fields: string;
  readonly body: Source;
}

/** Statuses that may not have a body (Fetch standard, "null body status"). */
const NULL_BODY = new Set([101, 103, 204, 205, 304]);
const REASON = /^[\t\x20-\x7e\x80-\xff]*$/;

let NativeResponse: Native = null as unknown as Native;

/** Reads a light response without touching its streams; null when it has to be read as any other Response. */
export function plainResponse(value: unknown): PlainResponse | null {
  return typeof value === 'object' && value !== null ? LightResponse.plain(value) : null;
}

/** Makes the class that stands in for `native`; instanceof holds between the two both ways. */
export function responseClass(native: Native): Native {
  NativeResponse = native;
  standInFor(LightResponse, native);
  return LightResponse as unknown as Native;
}

class LightResponse {
  /** Null when the native one was made at once. */
  #list: string[] | null;
  #source: Source = null;
  #status = 200;
  #statusText = '';
  #headers: Headers | null = null;
  #native: Response | null = null;

  constructor(body?: BodyInit, init?: ResponseInit) {
    const source = easySource(body);
    this.#list = source === undefined || !easyInit(source, init) ? null : headerList(init?.headers);
    if (this.#list === null) {
      this.#native = new NativeResponse(body, init);
      return;
    }
    this.#source = source ?? null;
    this.#status = init?.status ?? 200;
    this.#statusText = init?.statusText ?? '';
    if (typeof source === 'string' && !hasName(this.#list, 'content-type')) {
      this.#list.push('content-type', 'text/plain;charset=UTF-8');
    }
  }

  static json(data: unknown, init?: ResponseInit): Response {
    const text = JSON.stringify(data);
    if (text === undefined) return NativeResponse.json(data, init);
    const list = headerList(init?.headers);
    if (list === null) return NativeResponse.json(data, init);
    if (!hasName(list, 'content-type')) list.push('content-type', 'application/json');
    const headers: [string, string][] = [];
    for (let at = 0; at < list.length; at += 2) headers.push([list[at] ?? '', list[at + 1] ?? '']);
    return new LightResponse(text, { ...init, headers }) as unknown as Response;
  }

  static plain(value: object): PlainResponse | null {
    if (!(#list in value) || value.#list === null || value.#native !== null) return null;
    const fields = value.#headers === null ? listLines(value.#list) : fieldLines(value.#headers);
    const { status, statusText } = value;
    return { status, statusText, fields, body: value.#source };
  }

  get #made(): Response {
    this.#native ??= new NativeResponse(this.#source as BodyInit, {
      status: this.#status,
      statusText: this.#statusText,
      headers: this.headers,
    });
    return this.#native;
  }

  get headers(): Headers {
    if (this.#headers === null) {
      if (this.#list === null) return this.#made.headers;
      this.#headers = new Headers();
      for (let at = 0; at < this.#list.length; at += 2) {
        this.#headers.append(this.#list[at] ?? '', this.#list[at + 1] ?? '');
      }
    }
    return this.#headers;
  }

  get status(): number {
    return this.#list === null ? this.#made.status : this.#status;
  }

  get statusText(): string {
    return this.#list === null ? this.#made.statusText : this.#statusText;
  }

  get ok(): boolean {
    return this.status >= 200 && this.status <= 299;
  }

  get redirected(): boolean {
    return false;
  }

  get type(): string {
    return this.#list === null ? this.#made.type : 'default';
  }

  get url(): string {
    return '';
  }

  get body(): Response['body'] {
    return this.#list !== null && this.#source === null ? null : this.#made.body;
  }

  get bodyUsed(): boolean {
    return this.#native?.bodyUsed ?? false;
  }

  text(): Promise<string> {
    return this.#made.text();
  }

  json(): Promise<unknown> {
    return this.#made.json();
  }

  arrayBuffer(): Promise<ArrayBuffer> {
    return this.#made.arrayBuffer();
  }

  blob(): ReturnType<Response['blob']> {
    return this.#made.blob();
  }

  formData(): ReturnType<Response['formData']> {
    return this.#made.formData();
  }

  async bytes(): Promise<Uint8Array> {
    return new Uint8Array(await this.#made.arrayBuffer());
  }

  /** The copy has the headers as they are now; the native one behind this may have older ones. */
  clone(): Response {
    const copy = this.#made.clone();
    if (this.#list === null) return copy;
    const { status, statusText, headers } = this;
    return new NativeResponse(copy.body, { status, statusText, headers });
  }
}

/** Bytes are copied as the native class does: their owner may change them. Undefined: a body for the native class. */
function easySource(body: BodyInit): Source | undefined {
  if (body === null || body === undefined) return null;
  if (typeof body === 'string') return body;
  if (body instanceof Uint8Array && body.buffer instanceof ArrayBuffer) return new Uint8Array(body);
  if (body instanceof ArrayBuffer) return new Uint8Array(body.slice(0));
  return undefined;
}

function easyInit(source: Source, init: ResponseInit | undefined): boolean {
  if (init === undefined || init === null) return true;
  const { status, statusText } = init;
  if (status !== undefined) {
    if (!Number.isInteger(status) || status < 200 || status > 599) return false;
    if (source !== null && NULL_BODY.has(status)) return false;
  }
  return statusText === undefined || (typeof statusText === 'string' && REASON.test(statusText));
}
