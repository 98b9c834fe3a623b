// The loop of the fuzzer: makes inputs of those that are worth keeping, plays them, and keeps those that reach new code
// or end in a new way. Coverage is read once for a batch, because reading it costs as much as many inputs; only when a
// batch has reached something new are its inputs played again one by one to find out which it was.

import type { Coverage } from './coverage.ts';
import { requests } from './grammar.ts';
import { mutated } from './mutate.ts';
import { Random } from './random.ts';
import type { Target } from './target.ts';

const BATCH = 64;
/** Answers that count as new; beyond it only new code does, or a target with endless answers would fill the memory. */
const ANSWERS_MAX = 20_000;

export interface Finding {
  readonly input: Buffer;
  readonly error: unknown;
}

export interface Progress {
  executions: number;
  kept: number;
  coveredCharacters: number;
}

export class Fuzzer {
  readonly progress: Progress = { executions: 0, kept: 0, coveredCharacters: 0 };
  readonly #target: Target;
  readonly #coverage: Coverage;
  readonly #random: Random;
  readonly #corpus: Buffer[] = [];
  readonly #answers = new Set<string>();
  readonly #before: (input: Buffer) => void;

  /** `before` is told each input before it is played: one that never ends is then known. */
  constructor(target: Target, coverage: Coverage, seed: number, before: (input: Buffer) => void) {
    this.#target = target;
    this.#coverage = coverage;
    this.#random = new Random(seed);
    this.#before = before;
  }

  /** The seeds. Null when all is well. */
  begin(): Finding | null {
    for (const seed of this.#target.seeds) {
      const finding = this.#play(seed);
      if (finding !== null) return finding;
      this.#corpus.push(seed);
    }
    // Once for all, which are kept anyway: asking takes V8 longer than an input.
    this.#coverage.take();
    if (this.#corpus.length === 0) this.#corpus.push(Buffer.from('\r\n'));
    this.#tell();
    return null;
  }

  /** A batch of new inputs. Null when all is well. */
  batch(): Finding | null {
    const inputs: Buffer[] = [];
    for (let n = 0; n < BATCH; n++) {
      const input = this.#made();
      inputs.push(input);
      const finding = this.#play(input);
      if (finding !== null) return finding;
    }
    if (this.#coverage.take() > 0) this.#attribute(inputs);
    this.#tell();
    return null;
  }

  #tell(): void {
    this.progress.kept = this.#corpus.length;
    this.progress.coveredCharacters = this.#coverage.covered;
  }

  #made(): Buffer {
    if (this.#random.once(8)) return requests(this.#random);
    const { words } = this.#target;
    // Half of the time one of the newest: they lead somewhere nobody has been.
    const recent = this.#corpus.slice(-16);
    const from = this.#random.pick(this.#random.once(2) ? recent : this.#corpus);
    return mutated(from, this.#corpus, words, this.#random);
  }

  #play(input: Buffer): Finding | null {
    this.progress.executions += 1;
    this.#before(input);
    try {
      const answer = this.#target.run(input);
      if (this.#answers.size < ANSWERS_MAX && !this.#answers.has(answer)) {
        this.#answers.add(answer);
        this.#corpus.push(input);
      }
      return null;
    } catch (error) {
      return { input, error };
    }
  }

  /** The batch as a whole has reached new code: the inputs that did are kept. */
  #attribute(inputs: readonly Buffer[]): void {
    this.#coverage.again(() => {
      for (const input of inputs) {
        this.#target.run(input);
        if (this.#coverage.take() > 0) this.#corpus.push(input);
      }
    });
  }
}

/** The shortest input found from this one by taking parts out that still fails in the same way. */
export function shortened(target: Target, finding: Finding): Finding {
  let best = finding;
  for (let size = finding.input.length >> 1; size > 0; size >>= 1) {
    for (let at = 0; at + size <= best.input.length; ) {
      const input = Buffer.concat([best.input.subarray(0, at), best.input.subarray(at + size)]);
      const error = failureOf(target, input);
      if (error !== null && kindOf(error) === kindOf(finding.error)) best = { input, error };
      else at += size;
    }
  }
  return best;
}

function failureOf(target: Target, input: Buffer): unknown {
  try {
    target.run(input);
    return null;
  } catch (error) {
    return error;
  }
}

/** The first line without what differs from input to input. */
function kindOf(error: unknown): string {
  const line = error instanceof Error ? `${error.name} ${error.message}` : String(error);
  return (line.split('\n')[0] ?? '').replace(/[0-9]+|"[^"]*"/g, '');
}
