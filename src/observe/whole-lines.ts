// Cuts a stream of text into whole lines: others write to the same log, and nobody's line may stand inside another one.

/** Which of its two streams a process wrote to. */
export type OutputStream = 'stdout' | 'stderr';

/** A line that grows beyond this is passed on as it is, with a line end. */
const LINE_CHARACTERS = 64 * 1024;

export class WholeLines {
  readonly #pass: (lines: string) => void;
  #rest = '';

  /** @param pass one or more whole lines, each with its line end */
  constructor(pass: (lines: string) => void) {
    this.#pass = pass;
  }

  add(text: string): void {
    const end = text.lastIndexOf('\n') + 1;
    if (end > 0) {
      this.#pass(this.#rest + text.slice(0, end));
      this.#rest = text.slice(end);
    } else this.#rest += text;
    if (this.#rest.length > LINE_CHARACTERS) this.end();
  }

  /** Nothing more comes: what has no line end gets one. */
  end(): void {
    const rest = this.#rest;
    this.#rest = '';
    if (rest !== '') this.#pass(`${rest}\n`);
  }
}
