// What can be seen of an upgraded connection in the bytes that the application sends: the head of its answer, which is HTTP
// and tells the log how the upgrade went, and behind it, where that made a WebSocket, the ends of frames.

import type { ParsedHead } from '../../http1/head.ts';
import { listMembers } from '../../http1/octets.ts';
import { ServerFrames } from './server-frames.ts';

/** A head that is longer is none that we look for. */
const HEAD_BYTES_MAX = 64 * 1024;
const HEAD_END = '\r\n\r\n';
const STATUS_LINE = /^HTTP\/1\.[01] (\d{3}(?: [^\r\n]*)?)\r\n/;

export class RawReply {
  /** "101 Switching Protocols"; empty while there is no head, and without one. */
  status = '';
  /** Bytes behind the head. */
  bodyBytes = 0;
  /** Of a WebSocket's stream; null while it is none. */
  frames: ServerFrames | null = null;
  readonly #offersWebSocket: boolean;
  /** What has come of the head; null once it is over. */
  #head: string | null = '';

  constructor({ upgrade }: Pick<ParsedHead, 'upgrade'>) {
    this.#offersWebSocket = upgrade !== null && listMembers(upgrade).includes('websocket');
  }

  /** It is one, or its answer is still to come. */
  get mayBeWebSocket(): boolean {
    return this.frames !== null || (this.#offersWebSocket && this.#head !== null);
  }

  feed(bytes: Buffer): void {
    const rest = this.#head === null ? bytes : this.#readHead(this.#head, bytes);
    this.bodyBytes += rest.length;
    if (rest.length > 0) this.frames?.feed(rest);
  }

  /** Answers what stands behind the head. */
  #readHead(before: string, bytes: Buffer): Buffer {
    const text = before + bytes.toString('latin1', 0, HEAD_BYTES_MAX);
    // Where it may have been cut it is looked for again.
    const end = text.indexOf(HEAD_END, Math.max(0, before.length - HEAD_END.length));
    if (end < 0 && text.length < HEAD_BYTES_MAX) {
      this.#head = text;
      return bytes.subarray(bytes.length);
    }
    this.#head = null;
    if (end < 0) return bytes;
    this.status = STATUS_LINE.exec(text)?.[1] ?? '';
    if (this.#offersWebSocket && this.status.startsWith('101')) this.frames = new ServerFrames();
    return bytes.subarray(end + HEAD_END.length - before.length);
  }
}
