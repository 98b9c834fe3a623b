// A queue of byte pieces that costs what it holds. Large pieces are kept as they are; small ones, and small views into
// large blocks, are copied together, so that a client which sends one byte at a time fills memory with bytes and not
// with a hundred bytes of bookkeeping for each.

import assert from 'node:assert/strict';

/** Below this a piece is copied: an object for each piece costs some 200 bytes, so kept ones stay above 95 % content. */
const smallBytes = 4 * 1024;

/** Small pieces are gathered in blocks of this size: four times the largest small one wastes a quarter at worst. */
const blockBytes = 16 * 1024;

/** A kept piece may hold alive at most this many times its own size (a slice of a shared read buffer). */
const mostWaste = 8;

/** Taken pieces are dropped from the list in lots, not one by one: shifting a long array costs its length. */
const dropLot = 64;

export class PieceQueue {
  #pieces: Buffer[] = [];
  /** Index of the oldest piece; those before it were taken. */
  #first = 0;
  #bytes = 0;
  #block: Buffer | null = null;
  /** The range of the block that belongs to the youngest piece, which is not yet in the list. */
  #openFrom = 0;
  #openTo = 0;

  get bytes(): number {
    return this.#bytes;
  }

  /** Takes ownership of `piece`. */
  push(piece: Buffer): void {
    const length = piece.length;
    if (length === 0) return;
    const keep =
      length >= smallBytes
        ? piece.buffer.byteLength <= length * mostWaste
        : this.#bytes === 0 && piece.buffer.byteLength <= blockBytes;
    if (keep) {
      this.#seal();
      this.#pieces.push(piece);
    } else {
      this.#copy(piece);
    }
    this.#bytes += length;
  }

  /** What was taken last comes first again. */
  putBack(pieces: readonly Buffer[]): void {
    this.#pieces.splice(0, this.#first, ...pieces);
    this.#first = 0;
    for (const piece of pieces) this.#bytes += piece.length;
  }

  /** The oldest bytes, at most `maxBytes` and at most one piece; null when there are none. */
  take(maxBytes: number): Buffer | null {
    assert.ok(maxBytes > 0, 'take at least one byte');
    if (this.#bytes === 0) return null;
    if (this.#first === this.#pieces.length) this.#seal();
    const piece = this.#pieces[this.#first];
    assert.ok(piece !== undefined, 'a queue with bytes has a piece');
    if (piece.length > maxBytes) {
      this.#pieces[this.#first] = piece.subarray(maxBytes);
      this.#bytes -= maxBytes;
      return piece.subarray(0, maxBytes);
    }
    this.#bytes -= piece.length;
    this.#dropFirst();
    return piece;
  }

  /** The oldest `bytes` bytes, in as many pieces as they are. */
  takeAll(bytes: number): Buffer[] {
    const taken: Buffer[] = [];
    for (let left = bytes; left > 0; ) {
      const piece = this.take(left);
      assert.ok(piece !== null, 'take no more than there is');
      taken.push(piece);
      left -= piece.length;
    }
    return taken;
  }

  /** Everything in one Buffer: without a copy when there is one piece. */
  takeWhole(): Buffer {
    const pieces = this.takeAll(this.#bytes);
    const only = pieces[0];
    return pieces.length === 1 && only !== undefined ? only : Buffer.concat(pieces);
  }

  clear(): void {
    this.#pieces = [];
    this.#first = 0;
    this.#bytes = 0;
    this.#block = null;
    this.#openFrom = 0;
    this.#openTo = 0;
  }

  #copy(piece: Buffer): void {
    // A large view into a far larger block gets memory of its own size.
    if (piece.length > blockBytes) {
      this.#seal();
      const own = Buffer.allocUnsafeSlow(piece.length);
      piece.copy(own);
      this.#pieces.push(own);
      return;
    }
    if (this.#block === null || this.#openTo + piece.length > blockBytes) {
      this.#seal();
      this.#block = Buffer.allocUnsafeSlow(blockBytes);
      this.#openFrom = 0;
      this.#openTo = 0;
    }
    piece.copy(this.#block, this.#openTo);
    this.#openTo += piece.length;
  }

  /** Puts the youngest, still growing piece into the list. Its block goes on behind it. */
  #seal(): void {
    if (this.#block === null || this.#openTo === this.#openFrom) return;
    this.#pieces.push(this.#block.subarray(this.#openFrom, this.#openTo));
    this.#openFrom = this.#openTo;
  }

  #dropFirst(): void {
    this.#first += 1;
    if (this.#first === this.#pieces.length) {
      this.#pieces.length = 0;
      this.#first = 0;
    } else if (this.#first === dropLot) {
      this.#pieces.splice(0, dropLot);
      this.#first = 0;
    }
  }
}
