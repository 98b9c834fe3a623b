// A client's side of a WebSocket (RFC 6455) as a test wants it, right or wrong: the request that asks for one, frames with a fixed
// mask, so that two servers are told the same bytes, and what comes back read without any judgement.

/** Every client frame has this mask: what is compared must not differ by chance. */
const MASK = Buffer.from([0x37, 0xfa, 0x21, 0x3d]);

/** @param extensions what the client offers */
export function handshake(path: string, extensions?: string): string {
  const offer = extensions === undefined ? '' : `Sec-WebSocket-Extensions: ${extensions}\r\n`;
  return (
    `GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n${offer}` +
    'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n'
  );
}

export interface FrameOptions {
  readonly fin?: boolean;
  /** Three bits. */
  readonly rsv?: number;
}

/** A masked frame, as a client sends it. Text is latin-1: it stands for bytes. */
export function frame(
  opcode: number,
  payload: Buffer | string = '',
  options: FrameOptions = {},
): Buffer {
  const bytes = typeof payload === 'string' ? Buffer.from(payload, 'latin1') : payload;
  const masked = Buffer.from(bytes);
  for (let at = 0; at < masked.length; at++) masked[at] = (masked[at] ?? 0) ^ (MASK[at % 4] ?? 0);
  return Buffer.concat([frameHeader(opcode, bytes.length, true, options), MASK, masked]);
}

/** What stands before the mask, or before the payload where there is none. */
export function frameHeader(
  opcode: number,
  length: number,
  isMasked: boolean,
  { fin = true, rsv = 0 }: FrameOptions = {},
): Buffer {
  const first = (fin ? 0x80 : 0) | (rsv << 4) | opcode;
  const mask = isMasked ? 0x80 : 0;
  if (length < 126) return Buffer.from([first, mask | length]);
  const header = Buffer.alloc(length < 65_536 ? 4 : 10);
  header[0] = first;
  if (length < 65_536) {
    header[1] = mask | 126;
    header.writeUInt16BE(length, 2);
  } else {
    header[1] = mask | 127;
    header.writeBigUInt64BE(BigInt(length), 2);
  }
  return header;
}

/** A close frame with a code (none: an empty one) and a reason. */
export function close(code?: number, reason: Buffer | string = ''): Buffer {
  if (code === undefined) return frame(8, reason);
  const bytes = Buffer.from(reason as string, 'latin1');
  return frame(8, Buffer.concat([Buffer.from([code >> 8, code & 0xff]), bytes]));
}

interface Received {
  /** FIN, RSV and opcode together. */
  readonly first: number;
  readonly payload: Buffer;
}

/** The frame at the beginning of `bytes`, and what follows it; null while it is not complete. */
export function readFrame(bytes: Buffer): { received: Received; rest: Buffer } | null {
  if (bytes.length < 2) return null;
  let length = (bytes[1] ?? 0) & 0x7f;
  let at = 2;
  if (length === 126) {
    if (bytes.length < 4) return null;
    length = bytes.readUInt16BE(2);
    at = 4;
  } else if (length === 127) {
    if (bytes.length < 10) return null;
    length = Number(bytes.readBigUInt64BE(2));
    at = 10;
  }
  if (bytes.length < at + length) return null;
  const payload = bytes.subarray(at, at + length);
  return { received: { first: bytes[0] ?? 0, payload }, rest: bytes.subarray(at + length) };
}
