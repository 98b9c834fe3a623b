// A receiver of OTLP over HTTP: reads the protobuf of exported spans by the numbers of opentelemetry-proto, with nothing of the SDK that
// wrote it, and answers, or does not, as a test wants.

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';

export type Attributes = Readonly<Record<string, unknown>>;

export interface ReceivedSpan {
  readonly traceId: string;
  readonly spanId: string;
  /** Empty for none. */
  readonly parentId: string;
  readonly state: string;
  readonly name: string;
  /** 2: server. */
  readonly kind: number;
  /** Nanoseconds since 1970. */
  readonly start: bigint;
  readonly end: bigint;
  readonly attributes: Attributes;
  readonly events: readonly { readonly name: string; readonly time: bigint }[];
  /** 0: unset, 2: error. */
  readonly status: number;
  readonly resource: Attributes;
  readonly scope: string;
}

/** What it does with an export: takes it, never answers, or refuses with this status. */
export type Mood = 'takes' | 'silent' | number;

export class OtlpReceiver {
  mood: Mood = 'takes';
  /** Spans are looked at and kept. */
  keeps = true;
  readonly spans: ReceivedSpan[] = [];
  readonly exports: { readonly path: string; readonly headers: IncomingMessage['headers'] }[] = [];
  #port = 0;

  /** Ends with the process of the test. */
  static async open(): Promise<OtlpReceiver> {
    const receiver = new OtlpReceiver();
    const server = createServer((request, response) => void receiver.#take(request, response));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    server.unref();
    receiver.#port = (server.address() as AddressInfo).port;
    return receiver;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** Those of one path, in the order in which they began. */
  of(path: string): ReceivedSpan[] {
    const found = this.spans.filter(({ attributes }) => attributes['url.path'] === path);
    return found.sort((one, other) => Number(one.start - other.start));
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.exports.push({ path: request.url ?? '', headers: request.headers });
    const pieces: Buffer[] = [];
    for await (const piece of request) pieces.push(piece as Buffer);
    if (this.mood === 'silent') return;
    if (this.mood !== 'takes') {
      response.writeHead(this.mood).end();
      return;
    }
    const bytes = Buffer.concat(pieces);
    const isPacked = request.headers['content-encoding'] === 'gzip';
    if (this.keeps) this.spans.push(...spansIn(isPacked ? gunzipSync(bytes) : bytes));
    response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end();
  }
}

type Value = bigint | Buffer;

/** Field number -> its values, in their order. */
function message(bytes: Buffer): ReadonlyMap<number, Value[]> {
  const fields = new Map<number, Value[]>();
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes[at++] ?? 0;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  const raw = (length: number): Buffer => {
    at += length;
    return bytes.subarray(at - length, at);
  };
  while (at < bytes.length) {
    const tag = Number(varint());
    const type = tag & 7;
    const value =
      type === 0 ? varint() : type === 1 ? raw(8) : type === 5 ? raw(4) : raw(Number(varint()));
    fields.set(tag >> 3, [...(fields.get(tag >> 3) ?? []), value]);
  }
  return fields;
}

const NOTHING = Buffer.alloc(0);

function parts(bytes: Buffer, field: number): Buffer[] {
  return (message(bytes).get(field) ?? []) as Buffer[];
}

function spansIn(request: Buffer): ReceivedSpan[] {
  return parts(request, 1).flatMap((ofResource) => {
    const resource = attributesIn(parts(ofResource, 1)[0] ?? NOTHING, 1);
    return parts(ofResource, 2).flatMap((ofScope) => {
      const scope = String(parts(parts(ofScope, 1)[0] ?? NOTHING, 1)[0]);
      return parts(ofScope, 2).map((span) => ({ ...spanIn(span), resource, scope }));
    });
  });
}

function spanIn(bytes: Buffer): Omit<ReceivedSpan, 'resource' | 'scope'> {
  const fields = message(bytes);
  const raw = (field: number): Buffer => (fields.get(field)?.[0] ?? NOTHING) as Buffer;
  const number = (field: number): number => Number(fields.get(field)?.[0] ?? 0n);
  const status = message(raw(15)).get(3)?.[0] ?? 0n;
  return {
    traceId: raw(1).toString('hex'),
    spanId: raw(2).toString('hex'),
    parentId: raw(4).toString('hex'),
    state: raw(3).toString(),
    name: raw(5).toString(),
    kind: number(6),
    start: raw(7).readBigUInt64LE(),
    end: raw(8).readBigUInt64LE(),
    attributes: attributesIn(bytes, 9),
    events: parts(bytes, 11).map((event) => ({
      name: String(parts(event, 2)[0]),
      time: (parts(event, 1)[0] ?? NOTHING).readBigUInt64LE(),
    })),
    status: Number(status),
  };
}

function attributesIn(bytes: Buffer, field: number): Attributes {
  const pairs = parts(bytes, field).map((pair) => {
    const value = message(parts(pair, 2)[0] ?? NOTHING);
    const [kind, values] = [...value][0] ?? [0, []];
    const [first] = values;
    const meant =
      kind === 1 ? String(first) : kind === 4 ? (first as Buffer).readDoubleLE() : first;
    return [String(parts(pair, 1)[0]), typeof meant === 'bigint' ? Number(meant) : meant];
  });
  return Object.fromEntries(pairs) as Attributes;
}
