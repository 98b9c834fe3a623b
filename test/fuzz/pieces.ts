// How an input is cut into pieces: whole, a byte at a time, and at random places that the input itself decides, so that
// the same input is always cut alike.

import { Random } from './random.ts';

/** Up to this length a byte at a time costs little. */
const SINGLE_BYTES_MAX = 1500;

/** Ways to cut `input`, each a list of pieces that make it up; the first is the whole. */
export function waysToCut(input: Buffer): Buffer[][] {
  const ways = [[input], cutAtRandom(input)];
  if (input.length <= SINGLE_BYTES_MAX) {
    ways.push(Array.from(input, (_, at) => input.subarray(at, at + 1)));
  }
  return ways;
}

function cutAtRandom(input: Buffer): Buffer[] {
  const random = new Random(input);
  const pieces: Buffer[] = [];
  const longest = random.pick([3, 20, 200]);
  for (let at = 0; at < input.length; ) {
    const end = at + 1 + random.below(longest);
    pieces.push(input.subarray(at, end));
    at = end;
  }
  return pieces;
}
