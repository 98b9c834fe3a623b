// The body of one request as it arrives in the thread. Bytes wait here until the application reads; only then is the
// host given credit to send more, so an application that does not read holds a few kilobytes and no more.

export interface InletCredit {
  /** The application took so many bytes and wants more. */
  grant(bytes: number): void;
  /** Nobody will read the rest. */
  discard(): void;
}

const NO_TRAILERS: readonly string[] = [];

export class Inlet {
  ended: boolean;
  failed = false;
  /** Flat list name, value, name, value; complete with the body. */
  trailers: readonly string[] = NO_TRAILERS;
  /** Bytes that the application was given. */
  taken = 0;
  /** Set by the reader; called when bytes arrived, the body ended or failed. */
  onChange: (() => void) | null = null;
  readonly #credit: InletCredit | null;
  readonly #waiting: Buffer[] = [];
  /** What the host may send more, and has not been told: when reading begins, the opening. */
  #due: number;
  readonly #batch: number;
  #discarded = false;

  /**
   * `credit` is null for a body that is complete already; `opening` is granted when the application starts to read. What it
   * takes then is granted again once it is more than `batch`.
   */
  constructor(credit: InletCredit | null, opening: number, batch = 0) {
    this.#credit = credit;
    this.#due = opening;
    this.#batch = batch;
    this.ended = credit === null;
  }

  get done(): boolean {
    return this.ended && this.#waiting.length === 0;
  }

  push(bytes: Buffer): void {
    if (this.#discarded) return;
    this.#waiting.push(bytes);
    this.onChange?.();
  }

  end(trailers = NO_TRAILERS): void {
    this.ended = true;
    this.trailers = trailers;
    this.onChange?.();
  }

  fail(): void {
    if (this.ended || this.failed) return;
    this.failed = true;
    this.onChange?.();
  }

  /** The next bytes, or null when none are here now. Taking them lets the host send as many more. */
  take(): Buffer | null {
    const bytes = this.#waiting.shift() ?? null;
    if (bytes !== null) this.taken += bytes.length;
    if (this.#credit !== null && !this.ended) {
      this.#due += bytes?.length ?? 0;
      if (this.#due > this.#batch) {
        this.#credit.grant(this.#due);
        this.#due = 0;
      }
    }
    return bytes;
  }

  /** The whole body when it is here and nobody has taken any of it; null otherwise. */
  takeWhole(): Buffer | null {
    if (!this.ended || this.failed) return null;
    const only = this.#waiting[0];
    const whole =
      this.#waiting.length === 1 && only !== undefined ? only : Buffer.concat(this.#waiting);
    this.#waiting.length = 0;
    return whole;
  }

  discard(): void {
    if (this.#discarded) return;
    this.#discarded = true;
    this.#waiting.length = 0;
    if (!this.ended) this.#credit?.discard();
  }
}
