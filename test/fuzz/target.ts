// What is fuzzed: a function of bytes that throws when something does not hold, and what to begin with.

export interface Target {
  readonly name: string;
  /** What must hold, in one sentence. */
  readonly holds: string;
  /** Inputs to begin with. */
  readonly seeds: readonly Buffer[];
  /** Words to put into inputs; latin-1. */
  readonly words: readonly string[];
  /**
   * Plays an input, and gives back in a few words what became of it: an input with a new answer is kept, as one that
   * reaches new code is. The same input must always do the same.
   * @throws whatever an assertion or the code under test throws
   */
  run(input: Buffer): string;
}
