// What a worker's I/O loop tells the thread that makes spans of requests, and what that says back. A batch is one text and one
// array of numbers: 0.8 µs a request for the loop, where a list of objects takes 10 and a flat list of its values 8.

/** Of a request that is over. Texts hold one latin-1 character for each byte, as received, and no line end. */
export interface SpanRecord extends SpanTexts, SpanNumbers {}

/** Empty for what is not there. */
interface SpanTexts {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentId: string;
  /** `tracestate`. */
  readonly state: string;
  readonly method: string;
  readonly path: string;
  readonly scheme: string;
  /** Authority of the target, or Host. */
  readonly host: string;
  readonly client: string;
  /** Who is connected: the client, or a proxy that names it. */
  readonly peer: string;
  readonly serverName: string;
  readonly agent: string;
  readonly endCode: string;
  readonly failureCode: string;
  readonly thread: string;
}

/** Moments in milliseconds of a monotonic clock; NaN for one that did not come. */
interface SpanNumbers {
  readonly minorVersion: number;
  readonly clientPort: number;
  readonly peerPort: number;
  readonly serverPort: number;
  /** 0: nothing was answered. */
  readonly status: number;
  readonly bodyBytes: number;
  readonly begun: number;
  readonly submitted: number;
  readonly started: number;
  readonly responding: number;
  readonly answered: number;
  readonly ended: number;
}

const TEXTS = [
  ...['traceId', 'spanId', 'parentId', 'state', 'method', 'path', 'scheme', 'host', 'client'],
  ...['peer', 'serverName', 'agent', 'endCode', 'failureCode', 'thread'],
] as readonly (keyof SpanTexts)[];

const NUMBERS = [
  ...['minorVersion', 'clientPort', 'peerPort', 'serverPort', 'status', 'bodyBytes'],
  ...['begun', 'submitted', 'started', 'responding', 'answered', 'ended'],
] as readonly (keyof SpanNumbers)[];

export interface SpanBatch {
  readonly count: number;
  readonly texts: string;
  readonly numbers: Float64Array<ArrayBuffer>;
  /** What wall clocks show when the clock of the moments is at 0, ms since 1970. */
  readonly epochMs: number;
}

/** Gathers records until they are taken. */
export class SpanBatchWriter {
  readonly #room: number;
  #texts: string[] = [];
  #numbers: Float64Array<ArrayBuffer>;
  #count = 0;

  /** @param room how many records there can be */
  constructor(room: number) {
    this.#room = room;
    this.#numbers = new Float64Array(room * NUMBERS.length);
  }

  get count(): number {
    return this.#count;
  }

  get full(): boolean {
    return this.#count === this.#room;
  }

  add(record: SpanRecord): void {
    for (const name of TEXTS) this.#texts.push(record[name]);
    let at = this.#count * NUMBERS.length;
    for (const name of NUMBERS) this.#numbers[at++] = record[name];
    this.#count += 1;
  }

  take(epochMs: number): SpanBatch {
    const count = this.#count;
    const texts = this.#texts.join('\n');
    const numbers = this.#numbers.slice(0, count * NUMBERS.length);
    this.#texts = [];
    this.#count = 0;
    return { count, texts, numbers, epochMs };
  }
}

export function* recordsOf({ count, texts, numbers }: SpanBatch): Generator<SpanRecord> {
  const all = texts.split('\n');
  for (let one = 0; one < count; one++) {
    const text = TEXTS.map((name, at) => [name, all[one * TEXTS.length + at] ?? '']);
    const number = NUMBERS.map((name, at) => [name, numbers[one * NUMBERS.length + at] ?? 0]);
    yield Object.fromEntries([...text, ...number]) as SpanRecord;
  }
}

/** What the thread is started with. */
export interface SpanThreadData {
  /** Where spans go, with its path. */
  readonly url: string;
  /** What the server is called where no variable of OpenTelemetry says it. */
  readonly service: string;
  /** As many spans may wait to be sent. */
  readonly room: number;
  /** Where packages are looked for that are not installed beside this one. */
  readonly folder: string;
}

export type ToSpanThread =
  | { readonly spans: SpanBatch }
  /** Send what there is, and say when that is done. */
  | { readonly flush: true };

export type FromSpanThread =
  | { readonly ready: true }
  /** The SDK cannot be loaded. */
  | { readonly failed: string }
  /** So many spans were sent, or will never be, and why. */
  | { readonly sent: number; readonly lost: number; readonly why: string }
  | { readonly flushed: true };
