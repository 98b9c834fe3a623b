// What a worker's I/O loop tells the thread that makes spans of requests, and what that says back. A batch is one text and one
// array of numbers: 0.8 µs a request for the loop, where a list of objects takes 10 and a flat list of its values 8.

/** Of a request that is over. Texts hold one latin-1 character for each byte, as received, and no line end. */
export interface SpanRecord {
  // Texts: empty for what is not there.
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
  // Numbers.
  readonly minorVersion: number;
  readonly clientPort: number;
  readonly peerPort: number;
  readonly serverPort: number;
  /** 0: nothing was answered. */
  readonly status: number;
  readonly bodyBytes: number;
  /** Moments in milliseconds of a monotonic clock; NaN for one that did not come. */
  readonly begun: number;
  readonly submitted: number;
  readonly started: number;
  readonly responding: number;
  readonly answered: number;
  readonly ended: number;
}

/** How many of each a record has. */
const TEXTS = 15;
const NUMBERS = 12;

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
    this.#numbers = new Float64Array(room * NUMBERS);
  }

  get count(): number {
    return this.#count;
  }

  get full(): boolean {
    return this.#count === this.#room;
  }

  /** Field by field, in the order of `recordsOf`: a loop over their names takes four times as long. */
  add(record: SpanRecord): void {
    const texts = this.#texts;
    texts.push(record.traceId, record.spanId, record.parentId, record.state, record.method);
    texts.push(record.path, record.scheme, record.host, record.client, record.peer);
    texts.push(record.serverName, record.agent, record.endCode, record.failureCode, record.thread);
    const numbers = this.#numbers;
    let at = this.#count * NUMBERS;
    numbers[at++] = record.minorVersion;
    numbers[at++] = record.clientPort;
    numbers[at++] = record.peerPort;
    numbers[at++] = record.serverPort;
    numbers[at++] = record.status;
    numbers[at++] = record.bodyBytes;
    numbers[at++] = record.begun;
    numbers[at++] = record.submitted;
    numbers[at++] = record.started;
    numbers[at++] = record.responding;
    numbers[at++] = record.answered;
    numbers[at++] = record.ended;
    this.#count += 1;
  }

  take(epochMs: number): SpanBatch {
    const count = this.#count;
    const texts = this.#texts.join('\n');
    const numbers = this.#numbers.slice(0, count * NUMBERS);
    this.#texts = [];
    this.#count = 0;
    return { count, texts, numbers, epochMs };
  }
}

export function recordsOf({ count, texts, numbers }: SpanBatch): SpanRecord[] {
  const all = texts.split('\n');
  return Array.from({ length: count }, (_, one) => {
    let text = one * TEXTS;
    let number = one * NUMBERS;
    const nextText = (): string => all[text++] ?? '';
    const nextNumber = (): number => numbers[number++] ?? 0;
    return {
      traceId: nextText(),
      spanId: nextText(),
      parentId: nextText(),
      state: nextText(),
      method: nextText(),
      path: nextText(),
      scheme: nextText(),
      host: nextText(),
      client: nextText(),
      peer: nextText(),
      serverName: nextText(),
      agent: nextText(),
      endCode: nextText(),
      failureCode: nextText(),
      thread: nextText(),
      minorVersion: nextNumber(),
      clientPort: nextNumber(),
      peerPort: nextNumber(),
      serverPort: nextNumber(),
      status: nextNumber(),
      bodyBytes: nextNumber(),
      begun: nextNumber(),
      submitted: nextNumber(),
      started: nextNumber(),
      responding: nextNumber(),
      answered: nextNumber(),
      ended: nextNumber(),
    };
  });
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
