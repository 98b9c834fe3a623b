// Bytes that a client sends ahead of its turn: copied once out of the read buffer, then read where they lie, so that a
// long pipeline costs as much as its bytes and not as much as its bytes for each of its requests.

const ROOM_BYTES = 512;

export class Ahead {
  #room: Buffer | null = null;
  #from = 0;
  #to = 0;

  get length(): number {
    return this.#to - this.#from;
  }

  /** Copies `bytes` behind what is there. The room doubles, so that many small pieces cost linear work. */
  add(bytes: Buffer): void {
    const length = this.length + bytes.length;
    if (this.#room === null || this.#to + bytes.length > this.#room.length) {
      const room = Buffer.allocUnsafeSlow(Math.max(ROOM_BYTES, 2 * length));
      this.#room?.copy(room, 0, this.#from, this.#to);
      this.#from = 0;
      this.#to = length - bytes.length;
      this.#room = room;
    }
    bytes.copy(this.#room, this.#to);
    this.#to += bytes.length;
  }

  /** All of it, to be read where it lies; what is not used comes back with `putBack`. */
  take(): Buffer {
    const bytes = this.#room?.subarray(this.#from, this.#to) ?? Buffer.alloc(0);
    this.#from = this.#to;
    return bytes;
  }

  /** The last `length` bytes of what was taken are there again. Nothing may have been added meanwhile. */
  putBack(length: number): void {
    this.#from = this.#to - length;
  }

  clear(): void {
    this.#room = null;
    this.#from = 0;
    this.#to = 0;
  }
}
