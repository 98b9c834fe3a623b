// Node.js's own HTTP parser (llhttp), driven directly and without a socket: the second opinion on bytes. Uses the inside
// of node:http (`node:_http_common`), which Node.js 20 to 24 have alike; only tests may.

import { createRequire } from 'node:module';

interface RawParser {
  initialize(type: number, resource: object, maxHeaderSize: number, lenient: number): void;
  execute(bytes: Buffer): number | (Error & { code?: string; bytesParsed?: number });
  [callback: number]: (...args: never[]) => number | undefined;
}

interface RawParserClass {
  new (): RawParser;
  readonly REQUEST: number;
  readonly RESPONSE: number;
  readonly kOnMessageBegin: number;
  readonly kOnHeaders: number;
  readonly kOnHeadersComplete: number;
  readonly kOnBody: number;
  readonly kOnMessageComplete: number;
}

const { HTTPParser } = createRequire(import.meta.url)('node:_http_common') as {
  HTTPParser: RawParserClass;
};

/** One for all: making one costs more than most readings. */
const parser = new HTTPParser();

/** Larger than any head of ours. */
const HEADER_BYTES = 4 << 20;

export interface LlhttpMessage {
  /** Of a request; null for a method that llhttp does not know by number (it refuses those). */
  method: string | null;
  target: string;
  /** Of a response; 0 for a request. */
  status: number;
  minorVersion: number;
  /** Flat list name, value, name, value. */
  fields: string[];
  body: Buffer;
  complete: boolean;
}

export interface LlhttpReading {
  readonly messages: readonly LlhttpMessage[];
  /** HPE_..., or null when it found nothing wrong. */
  readonly error: string | null;
  /** It stopped behind a message that upgrades the connection (CONNECT, Upgrade): what follows it did not look at. */
  readonly upgraded: boolean;
}

const METHODS: readonly string[] = (
  createRequire(import.meta.url)('node:_http_common') as { methods: readonly string[] }
).methods;

/** Requests as node:http's server reads them. */
export function requestsByLlhttp(bytes: Buffer): LlhttpReading {
  return read(HTTPParser.REQUEST, bytes, () => false);
}

/** Responses as node:http's client reads them. `toHead(n)`: the request that response number n answers was HEAD. */
export function responsesByLlhttp(bytes: Buffer, toHead: (n: number) => boolean): LlhttpReading {
  return read(HTTPParser.RESPONSE, bytes, toHead);
}

function read(type: number, bytes: Buffer, toHead: (n: number) => boolean): LlhttpReading {
  // It takes an empty buffer for the end of the connection.
  if (bytes.length === 0) return { messages: [], error: null, upgraded: false };
  const messages: LlhttpMessage[] = [];
  const bodies: Buffer[][] = [];
  let earlyFields: string[] = [];
  let earlyTarget = '';
  parser.initialize(type, {}, HEADER_BYTES, 0);
  parser[HTTPParser.kOnMessageBegin] = () => {
    earlyFields = [];
    earlyTarget = '';
    return 0;
  };
  // Long field lists come in parts; what comes after the head are trailers.
  parser[HTTPParser.kOnHeaders] = (fields: string[], target: string) => {
    earlyFields.push(...fields);
    earlyTarget += target;
    return 0;
  };
  parser[HTTPParser.kOnHeadersComplete] = (
    _major: number,
    minorVersion: number,
    fields: string[] | undefined,
    method: number | undefined,
    target: string | undefined,
    status: number | undefined,
  ) => {
    messages.push({
      method: method === undefined ? null : (METHODS[method] ?? null),
      target: target ?? earlyTarget,
      status: status ?? 0,
      minorVersion,
      fields: fields ?? earlyFields,
      body: Buffer.alloc(0),
      complete: false,
    });
    bodies.push([]);
    return toHead(messages.length - 1) ? 1 : 0;
  };
  parser[HTTPParser.kOnBody] = (piece: Buffer) => {
    bodies.at(-1)?.push(Buffer.from(piece));
    return 0;
  };
  parser[HTTPParser.kOnMessageComplete] = () => {
    const message = messages.at(-1);
    if (message !== undefined) message.complete = true;
    return 0;
  };
  const used = parser.execute(bytes);
  messages.forEach((message, n) => {
    message.body = Buffer.concat(bodies[n] ?? []);
  });
  const error = typeof used === 'number' ? null : (used.code ?? used.message);
  return { messages, error, upgraded: typeof used === 'number' && used < bytes.length };
}
