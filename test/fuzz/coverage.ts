// Which parts of our own code have run, told by V8 itself: its block coverage, read through node:inspector. This is what
// guides the fuzzer, and it needs no package and no compiler pass. It must begin before the code is loaded.

import { Session } from 'node:inspector';

interface Range {
  readonly startOffset: number;
  readonly endOffset: number;
  readonly count: number;
}

interface Script {
  readonly url: string;
  readonly functions: readonly { readonly ranges: readonly Range[] }[];
}

export class Coverage {
  readonly #session = new Session();
  readonly #counts: RegExp;
  /** For each script, a byte for each character of it. */
  readonly #seen = new Map<string, Uint8Array>();
  #newest: [seen: Uint8Array, at: number][] = [];

  /** `counts` matches the URLs of the scripts that are of interest. */
  constructor(counts: RegExp) {
    this.#counts = counts;
    this.#session.connect();
    this.#post('Profiler.enable');
    this.#post('Profiler.startPreciseCoverage', {
      callCount: true,
      detailed: true,
      allowTriggeredUpdates: false,
    });
  }

  /** Characters of code that have run at least once. */
  covered = 0;

  /** Characters of code that ran since the last call and never before. Costs about a millisecond. */
  take(): number {
    const { result } = this.#post('Profiler.takePreciseCoverage') as { result: Script[] };
    let fresh = 0;
    this.#newest = [];
    for (const script of result) if (this.#counts.test(script.url)) fresh += this.#note(script);
    this.covered += fresh;
    return fresh;
  }

  /**
   * What the last `take` was the first to see counts as never seen while `replay` runs, and as seen again after it: some
   * code runs only once whatever is played, such as what fills a cache.
   */
  again(replay: () => void): void {
    const newest = this.#newest;
    for (const [seen, at] of newest) seen[at] = 0;
    this.covered -= newest.length;
    replay();
    for (const [seen, at] of newest) {
      if (seen[at] === 0) this.covered += 1;
      seen[at] = 1;
    }
  }

  stop(): void {
    this.#session.disconnect();
  }

  /** Functions come outer ones first, and a later range overrules the earlier one that it stands in. */
  #note(script: Script): number {
    const length = Math.max(0, ...script.functions.map(({ ranges }) => ranges[0]?.endOffset ?? 0));
    const ran = new Uint8Array(length);
    for (const { ranges } of script.functions) {
      for (const { startOffset, endOffset, count } of ranges) {
        ran.fill(count > 0 ? 1 : 0, startOffset, endOffset);
      }
    }
    const seen = this.#seenOf(script.url, length);
    let fresh = 0;
    for (let i = 0; i < length; i++) {
      if (ran[i] === 0 || seen[i] === 1) continue;
      seen[i] = 1;
      this.#newest.push([seen, i]);
      fresh += 1;
    }
    return fresh;
  }

  #seenOf(url: string, length: number): Uint8Array {
    const old = this.#seen.get(url);
    if (old !== undefined && old.length >= length) return old;
    const grown = new Uint8Array(Math.max(length, 2 * (old?.length ?? 0)));
    if (old !== undefined) grown.set(old);
    this.#seen.set(url, grown);
    return grown;
  }

  #post(method: string, params: object = {}): unknown {
    let answer: unknown;
    let failure: Error | null = null;
    // Within the same thread the answer is there when `post` returns.
    this.#session.post(method, params, (error: Error | null, result?: unknown) => {
      failure = error;
      answer = result;
    });
    if (failure !== null) throw failure;
    return answer;
  }
}
