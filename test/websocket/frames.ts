// WebSocket frames (RFC 6455, 5.2) as a test wants them, right or wrong: made with a fixed mask, so that two servers are told the
// same bytes, and read back as they come, without any judgement.

/** Every client frame has this mask: what is compared must not differ by chance. */
const MASK = Buffer.from([0x37, 0xfa, 0x21, 0x3d]);

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
  const { fin = true, rsv = 0 } = options;
  const bytes = typeof payload === 'string' ? Buffer.from(payload, 'latin1') : payload;
  const first = (fin ? 0x80 : 0) | (rsv << 4) | opcode;
  const masked = Buffer.from(bytes);
  for (let at = 0; at < masked.length; at++) masked[at] = (masked[at] ?? 0) ^ (MASK[at % 4] ?? 0);
  return Buffer.concat([Buffer.from([first]), lengthOf(bytes.length), MASK, masked]);
}

function lengthOf(length: number): Buffer {
  if (length < 126) return Buffer.from([0x80 | length]);
  const field = Buffer.alloc(length < 65_536 ? 3 : 9);
  if (length < 65_536) {
    field[0] = 0x80 | 126;
    field.writeUInt16BE(length, 1);
  } else {
    field[0] = 0x80 | 127;
    field.writeBigUInt64BE(BigInt(length), 1);
  }
  return field;
}

/** A close frame with a code (none: an empty one) and a reason. */
export function close(code?: number, reason: Buffer | string = ''): Buffer {
  if (code === undefined) return frame(8, reason);
  const bytes = Buffer.from(reason as string, 'latin1');
  return frame(8, Buffer.concat([Buffer.from([code >> 8, code & 0xff]), bytes]));
}

export interface Received {
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
