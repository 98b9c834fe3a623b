// The Request a fetch application gets. Nothing of it is made before it is asked for: not the URL, not the headers, and
// Node's own Request only where a stream, a clone or another API needs one.

import type { Exchange } from '../exchange.ts';
import { BodyReader } from './body-reader.ts';
import { requestUrl } from './request-url.ts';
import { standInFor } from './stand-in.ts';

type Native = typeof Request;
type NativeInit = ConstructorParameters<Native>[1];

let NativeRequest: Native = null as unknown as Native;

export class LightRequest {
  readonly #exchange: Exchange;
  #url: string | null = null;
  #headers: Headers | null = null;
  #controller: AbortController | null = null;
  #reason: DOMException | null = null;
  #native: Request | null = null;
  #body: BodyReader | null;

  constructor(exchange: Exchange) {
    this.#exchange = exchange;
    this.#body = exchange.inlet === null ? null : new BodyReader(exchange.inlet);
  }

  get method(): string {
    return this.#exchange.facts.method;
  }

  get url(): string {
    const url = this.tryUrl();
    if (url === null) throw new TypeError('The request names no valid URL.');
    return url;
  }

  get headers(): Headers {
    if (this.#headers === null) {
      this.#headers = new Headers();
      const fields = this.#exchange.fields;
      for (let at = 0; at < fields.length; at += 2) {
        this.#headers.append(fields[at] ?? '', fields[at + 1] ?? '');
      }
    }
    return this.#headers;
  }

  /** Aborted when the client goes or the request is given up. */
  get signal(): AbortSignal {
    if (this.#controller === null) {
      this.#controller = new AbortController();
      if (this.#exchange.gone) this.abort();
    }
    return this.#controller.signal;
  }

  get body(): Request['body'] {
    return this.#hasBody ? this.materialize().body : null;
  }

  get bodyUsed(): boolean {
    return this.#native?.bodyUsed ?? this.#body?.used ?? false;
  }

  async text(): Promise<string> {
    if (this.#native !== null) return this.#native.text();
    return this.#body === null ? '' : this.#body.text();
  }

  async json(): Promise<unknown> {
    return JSON.parse(await this.text());
  }

  async arrayBuffer(): Promise<ArrayBuffer> {
    if (this.#native !== null) return this.#native.arrayBuffer();
    return this.#body === null ? new ArrayBuffer(0) : this.#body.arrayBuffer();
  }

  async bytes(): Promise<Uint8Array> {
    return new Uint8Array(await this.arrayBuffer());
  }

  blob(): ReturnType<Request['blob']> {
    return this.materialize().blob();
  }

  formData(): ReturnType<Request['formData']> {
    return this.materialize().formData();
  }

  clone(): Request {
    return this.materialize().clone();
  }

  /** Node's own Request for the same request; the same one each time. */
  materialize(): Request {
    if (this.#native === null) {
      const init: NativeInit = {
        method: this.method,
        headers: this.headers,
        signal: this.signal as NonNullable<NonNullable<NativeInit>['signal']>,
      };
      if (this.#hasBody && this.#body !== null) {
        init.body = this.#body.stream() as NonNullable<NonNullable<NativeInit>['body']>;
        init.duplex = 'half';
      }
      this.#native = new NativeRequest(this.url, init);
    }
    return this.#native;
  }

  /** Null when host and target make no URL. */
  tryUrl(): string | null {
    this.#url ??= this.#absoluteUrl();
    return this.#url;
  }

  /** `overdue`: as AbortSignal.timeout() says it. */
  abort(overdue = false): void {
    this.#reason ??= overdue
      ? new DOMException('The request is overdue.', 'TimeoutError')
      : new DOMException('The client has gone.', 'AbortError');
    this.#controller?.abort(this.#reason);
  }

  /** What a request to somebody else is made from: without the fields that belong to this connection (RFC 9110, 7.6.1). */
  get onward(): Request {
    const request = this.materialize();
    const names = this.#exchange.fields.filter((_, at) => at % 2 === 0);
    if (!names.some((name) => HOP_BY_HOP.has(name.toLowerCase()))) return request;
    const headers = new Headers(request.headers);
    for (const name of HOP_BY_HOP) headers.delete(name);
    return new NativeRequest(request, { headers });
  }

  /** The response is complete: a body that nobody reads is given up. */
  release(): void {
    if (this.#body?.used === false) this.#exchange.inlet?.discard();
  }

  #absoluteUrl(): string | null {
    const { facts, fields, peer } = this.#exchange;
    let host = '';
    for (let at = 0; at < fields.length && host === ''; at += 2) {
      if (fields[at]?.toLowerCase() === 'host') host = fields[at + 1] ?? '';
    }
    if (host === '')
      host = peer.serverPort > 0 ? `${peer.serverName}:${peer.serverPort}` : 'localhost';
    return requestUrl(peer.scheme, host, facts.target);
  }

  /** A GET or HEAD with a body is no Request that the Fetch standard knows; the body is not shown. */
  get #hasBody(): boolean {
    return this.#body !== null && this.method !== 'GET' && this.method !== 'HEAD';
  }
}

/** Of one connection; Node's fetch takes none of them but the first. */
const HOP_BY_HOP: ReadonlySet<string> = new Set([
  'connection',
  'expect',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** What else a Request has: asked of the native one, which knows the defaults. */
const REST = [
  'cache',
  'credentials',
  'destination',
  'integrity',
  'keepalive',
  'mode',
  'redirect',
  'referrer',
  'referrerPolicy',
  'isHistoryNavigation',
  'isReloadNavigation',
  'duplex',
] as const;

/** Makes the class that stands in for Node's Request: it takes a light one as its input. */
export function requestClass(native: Native): Native {
  NativeRequest = native;
  class WebRequest extends native {
    constructor(input: ConstructorParameters<Native>[0], init?: NativeInit) {
      const onward = init instanceof LightRequest ? (init.onward as NativeInit) : init;
      super(input instanceof LightRequest ? input.materialize() : input, onward);
    }
  }
  standInFor(WebRequest, native);
  Object.setPrototypeOf(LightRequest.prototype, native.prototype);
  Object.defineProperty(LightRequest.prototype, 'constructor', { value: WebRequest });
  for (const name of REST) {
    Object.defineProperty(LightRequest.prototype, name, {
      configurable: true,
      get(this: LightRequest): unknown {
        return (this.materialize() as unknown as { readonly [name: string]: unknown })[name];
      },
    });
  }
  return WebRequest as unknown as Native;
}
