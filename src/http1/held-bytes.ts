// Keeps the beginning of a head or of trailers between two reads: the read buffer is shared by all connections, so
// what is not complete when a read ends must be copied out of it. Costs nothing while heads arrive in one piece.

const FIRST_BYTES = 512;

export class HeldBytes {
  length = 0;
  private buffer: Buffer | null = null;

  /** Copies `bytes` from `from` to `to`; the room doubles, so that many small pieces cost linear work. */
  append(bytes: Buffer, from: number, to: number): void {
    const needed = this.length + to - from;
    const buffer = this.roomFor(needed);
    bytes.copy(buffer, this.length, from, to);
    this.length = needed;
  }

  /** Everything held, one character per byte. */
  text(): string {
    return this.buffer === null ? '' : this.buffer.toString('latin1', 0, this.length);
  }

  clear(): void {
    this.length = 0;
    this.buffer = null;
  }

  private roomFor(needed: number): Buffer {
    const old = this.buffer;
    if (old !== null && old.length >= needed) return old;
    let size = old === null ? FIRST_BYTES : old.length * 2;
    while (size < needed) size *= 2;
    const grown = Buffer.allocUnsafe(size);
    if (old !== null) old.copy(grown, 0, 0, this.length);
    this.buffer = grown;
    return grown;
  }
}
