// Faults that were put in on purpose, for the test of the fuzzer itself: one that only a fuzzer led by coverage finds in
// reasonable time, one that never ends, and one that takes all memory.

import type { Target } from './target.ts';

function planted(name: string, fault: (input: Buffer) => void): Target {
  return {
    name,
    holds: 'nothing: a fault is planted',
    words: [],
    seeds: [Buffer.from('harmless')],
    run(input) {
      fault(input);
      return '';
    },
  };
}

export const deepTarget = planted('deep', (input) => {
  // Each step is one of sixteen bytes in one of eight places: all four at once come by chance once in a billion tries.
  if (((input[1] ?? 0) & 0xf0) === 0xa0) {
    if (((input[3] ?? 0) & 0xf0) === 0xb0) {
      if (((input[5] ?? 0) & 0xf0) === 0xc0) {
        if (((input[7] ?? 0) & 0xf0) === 0xd0) throw new Error('the planted fault');
      }
    }
  }
});

export const endlessTarget = planted('endless', (input) => {
  while (input.includes(0xee));
});

export const greedyTarget = planted('greedy', (input) => {
  const kept: number[][] = [];
  while (input.includes(0xee)) kept.push(new Array(10_000).fill(kept.length + 0.5));
});
