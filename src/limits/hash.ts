// Keys by a seeded hash of 64 bits (HalfSipHash-2-4, https://github.com/veorq/SipHash): whoever does not know the seed cannot
// choose keys that fall on one another, as they can with hashes that are merely fast. 32-bit arithmetic, no allocation.

/** Two words of 32 bits, made anew for each server. */
export type HashSeed = readonly [number, number];

export class KeyHash {
  readonly #seed: HashSeed;
  /** The last key's hash, its two halves. */
  low = 0;
  high = 0;
  #v0 = 0;
  #v1 = 0;
  #v2 = 0;
  #v3 = 0;

  constructor(seed: HashSeed) {
    this.#seed = seed;
  }

  /** Leaves the hash in `low` and `high`. Each UTF-16 unit counts as two bytes. */
  of(key: string): void {
    const k0 = this.#seed[0];
    const k1 = this.#seed[1];
    this.#v0 = k0;
    this.#v1 = k1 ^ 0xee;
    this.#v2 = 0x6c796765 ^ k0;
    this.#v3 = 0x74656462 ^ k1;
    const pairs = key.length >>> 1;
    for (let pair = 0; pair < pairs; pair++) {
      const at = pair << 1;
      this.#word(key.charCodeAt(at) | (key.charCodeAt(at + 1) << 16));
    }
    const last = (key.length & 1) === 1 ? key.charCodeAt(key.length - 1) : 0;
    this.#word(((key.length * 2) << 24) | last);
    this.#v2 ^= 0xee;
    this.#rounds(4);
    this.low = (this.#v1 ^ this.#v3) >>> 0;
    this.#v1 ^= 0xdd;
    this.#rounds(4);
    this.high = (this.#v1 ^ this.#v3) >>> 0;
  }

  #word(word: number): void {
    this.#v3 ^= word;
    this.#rounds(2);
    this.#v0 ^= word;
  }

  #rounds(count: number): void {
    let v0 = this.#v0;
    let v1 = this.#v1;
    let v2 = this.#v2;
    let v3 = this.#v3;
    for (let round = 0; round < count; round++) {
      v0 = (v0 + v1) | 0;
      v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0;
      v0 = (v0 << 16) | (v0 >>> 16);
      v2 = (v2 + v3) | 0;
      v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2;
      v0 = (v0 + v3) | 0;
      v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0;
      v2 = (v2 + v1) | 0;
      v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2;
      v2 = (v2 << 16) | (v2 >>> 16);
    }
    this.#v0 = v0;
    this.#v1 = v1;
    this.#v2 = v2;
    this.#v3 = v3;
  }
}
