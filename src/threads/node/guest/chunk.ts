// Text of a response as it best travels: short ASCII as it is, because it is its own bytes; anything else as bytes.

import { INLINE_BYTES } from '../../../wire/node-thread.ts';

export type Chunk = string | Uint8Array;

/** A string that comes out holds one character per byte and fits into a batch. */
export function encodeChunk(data: Chunk, encoding: BufferEncoding | null): Chunk {
  if (typeof data !== 'string') return data;
  const utf8 = !encoding || encoding === 'utf8' || encoding === 'utf-8';
  if (utf8 && data.length <= INLINE_BYTES && Buffer.byteLength(data) === data.length) return data;
  return Buffer.from(data, encoding ?? 'utf8');
}
