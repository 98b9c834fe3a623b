// Blocks for reading files, lent to whoever takes the bytes. A reader that brings them back spares the garbage
// collector, which lets some 40 MiB of dead blocks pile up before it looks (bench/spool.ts); one that does not harms
// nothing.

/** Size of a block, and so of the largest Buffer that a spool or a file range hands out from a file. */
export const readBlockBytes = 64 * 1024;

/** Blocks kept for the next read: 2 MiB, enough for as many readers in one turn of the loop. */
const mostKept = 32;

const kept: Buffer[] = [];
const lent = new WeakSet<ArrayBufferLike>();

/** A buffer of exactly `bytes`, at most a block; its content is undefined. */
export function lendReadBuffer(bytes: number): Buffer {
  if (bytes < readBlockBytes) return Buffer.allocUnsafeSlow(bytes);
  const block = kept.pop() ?? Buffer.allocUnsafeSlow(readBlockBytes);
  lent.add(block.buffer);
  return block;
}

/**
 * Brings back a Buffer that read() answered, when the kernel has its bytes and nobody will look at it again. Takes any
 * Buffer, and keeps it if it is a whole block that is out.
 */
export function recycleReadBuffer(bytes: Buffer): void {
  if (bytes.length !== readBlockBytes || !lent.delete(bytes.buffer)) return;
  if (kept.length < mostKept) kept.push(bytes);
}
