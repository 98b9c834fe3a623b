// Where in a WebSocket's stream from server to client one frame ends and the next begins (RFC 6455, 5.2): bytes in, no copy kept.
// Only there can the server put a frame of its own. Understands no payload, so extensions (compression) make no difference:
// control frames have none.

/** Most bytes before a frame's payload: two, eight of length, four of a mask. */
const HEADER_BYTES_MAX = 14;

const FIN = 0x80;
const MASKED = 0x80;
const OPCODE = 0x0f;
const CLOSE = 8;

export class ServerFrames {
  readonly #header = Buffer.alloc(HEADER_BYTES_MAX);
  #headerBytes = 0;
  /** Of the payload that is passing. */
  #payloadLeft = 0;
  #inMessage = false;
  #closed = false;

  /** Every frame that has begun is complete. */
  get atBoundary(): boolean {
    return this.#headerBytes === 0 && this.#payloadLeft === 0;
  }

  /** A message in several frames has begun and not ended. */
  get inMessage(): boolean {
    return this.#inMessage;
  }

  /** A close frame has begun: nothing may follow it. */
  get closed(): boolean {
    return this.#closed;
  }

  /** Each round takes a byte of a header or a whole stretch of payload. */
  feed(bytes: Buffer): void {
    let at = 0;
    while (at < bytes.length) {
      if (this.#payloadLeft > 0) {
        const passing = Math.min(this.#payloadLeft, bytes.length - at);
        this.#payloadLeft -= passing;
        at += passing;
        continue;
      }
      this.#header[this.#headerBytes] = bytes[at] as number;
      this.#headerBytes += 1;
      at += 1;
      if (this.#headerBytes >= 2 && this.#headerBytes === headerLength(this.#header)) this.#begin();
    }
  }

  /** A header is complete. */
  #begin(): void {
    const first = this.#header[0] as number;
    const opcode = first & OPCODE;
    this.#payloadLeft = payloadLength(this.#header);
    this.#headerBytes = 0;
    if (opcode === CLOSE) this.#closed = true;
    // Control frames may stand between the frames of a message.
    else if (opcode < CLOSE) this.#inMessage = (first & FIN) === 0;
  }
}

function headerLength(header: Buffer): number {
  const second = header[1] as number;
  const length = second & ~MASKED;
  const extended = length === 127 ? 8 : length === 126 ? 2 : 0;
  return 2 + extended + ((second & MASKED) === 0 ? 0 : 4);
}

/** What is longer than numbers are exact never ends. */
function payloadLength(header: Buffer): number {
  const length = (header[1] as number) & ~MASKED;
  if (length === 127) return Number(header.readBigUInt64BE(2));
  return length === 126 ? header.readUInt16BE(2) : length;
}

/** An unmasked close frame with this code and no reason. */
export function closeFrame(code: number): Buffer {
  return Buffer.from([FIN | CLOSE, 2, code >> 8, code & 0xff]);
}
