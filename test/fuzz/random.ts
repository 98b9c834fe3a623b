// Chance that can be repeated: the same seed gives the same run on every machine.

/** xorshift128, seeded from any number or bytes. */
export class Random {
  #a: number;
  #b: number;
  #c: number;
  #d: number;

  constructor(seed: number | Uint8Array) {
    let hash = 0x811c9dc5;
    const bytes = typeof seed === 'number' ? Buffer.from(String(seed)) : seed;
    for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193);
    this.#a = hash | 1;
    this.#b = Math.imul(hash, 0x9e3779b1) | 1;
    this.#c = Math.imul(hash, 0x85ebca6b) | 1;
    this.#d = Math.imul(hash, 0xc2b2ae35) | 1;
    for (let i = 0; i < 8; i++) this.below(2);
  }

  /** A whole number from 0 up to, but not including, `limit` (at most 2^32). */
  below(limit: number): number {
    let t = this.#d;
    this.#d = this.#c;
    this.#c = this.#b;
    this.#b = this.#a;
    t ^= t << 11;
    t ^= t >>> 8;
    this.#a = t ^ this.#b ^ (this.#b >>> 19);
    return Math.floor(((this.#a >>> 0) / 0x1_0000_0000) * limit);
  }

  /** True once in `n` times. */
  once(n: number): boolean {
    return this.below(n) === 0;
  }

  pick<T>(list: readonly T[]): T {
    if (list.length === 0) throw new RangeError('nothing to pick from');
    return list[this.below(list.length)] as T;
  }
}
