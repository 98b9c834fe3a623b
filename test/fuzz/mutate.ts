// Makes a new input of old ones: bytes changed, ranges taken out, doubled or moved, words of the target's language put
// in, numbers bent, two inputs joined. Small steps, several at a time.

import type { Random } from './random.ts';

/** Longer inputs are cut: most of what can go wrong shows within this, and speed is worth more. */
const LONGEST = 4096;

/** `corpus`: what to join with; `words`: what to put in. */
export function mutated(
  input: Buffer,
  corpus: readonly Buffer[],
  words: readonly string[],
  random: Random,
): Buffer {
  let result = input;
  for (let left = 1 + random.below(5); left > 0; left--) {
    result = step(result, corpus, words, random);
  }
  return result.length > LONGEST ? result.subarray(0, LONGEST) : result;
}

function step(
  input: Buffer,
  corpus: readonly Buffer[],
  words: readonly string[],
  random: Random,
): Buffer {
  const at = random.below(input.length + 1);
  const length = random.once(3) ? random.below(64) : 1 + random.below(4);
  const end = Math.min(input.length, at + length);
  switch (random.below(9)) {
    case 0:
      return spliced(input, at, at, Buffer.from([random.below(256)]));
    case 1:
      return spliced(input, at, end, Buffer.alloc(0));
    case 2:
      return spliced(input, at, at, input.subarray(at, end));
    case 3:
      return spliced(input, random.below(input.length + 1), undefined, input.subarray(at, end));
    case 4:
      return flipped(input, at, random);
    case 5:
      return joined(input, random.pick(corpus), random);
    case 6:
      return renumbered(input, random);
    case 7:
      return spliced(input, at, end, word(words, random));
    default:
      return spliced(input, at, at, word(words, random));
  }
}

function spliced(input: Buffer, from: number, to: number | undefined, between: Buffer): Buffer {
  return Buffer.concat([input.subarray(0, from), between, input.subarray(to ?? from)]);
}

function word(words: readonly string[], random: Random): Buffer {
  return words.length === 0 ? Buffer.alloc(1) : Buffer.from(random.pick(words), 'latin1');
}

function flipped(input: Buffer, at: number, random: Random): Buffer {
  const copy = Buffer.from(input);
  if (at < copy.length) copy[at] = (copy[at] as number) ^ (1 << random.below(8));
  return copy;
}

/** The beginning of one and the end of another, or one behind the other. */
function joined(input: Buffer, other: Buffer, random: Random): Buffer {
  if (random.once(2)) return Buffer.concat([input, other]);
  const head = input.subarray(0, random.below(input.length + 1));
  return Buffer.concat([head, other.subarray(random.below(other.length + 1))]);
}

/** One of the decimal numbers becomes one beside it, or one that is hard to hold. */
function renumbered(input: Buffer, random: Random): Buffer {
  const text = input.toString('latin1');
  const numbers = [...text.matchAll(/\d+/g)];
  if (numbers.length === 0) return input;
  const found = random.pick(numbers);
  const old = Number(found[0]);
  const others = [old + 1, Math.max(0, old - 1), old * 16, 2 ** 31, 2 ** 32, 2 ** 53, 0].map(
    String,
  );
  const next = random.pick([...others, `0${found[0]}`, `-${found[0]}`, `${found[0]},${found[0]}`]);
  return Buffer.from(
    text.slice(0, found.index) + next + text.slice(found.index + found[0].length),
    'latin1',
  );
}
