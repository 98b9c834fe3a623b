// What the thread that fuzzes is told, and what it tells. Shapes only.

export interface FuzzOrder {
  /** A module with the target, and its name in it. */
  readonly module: string;
  readonly target: string;
  readonly seed: number;
  /** It ends after the one or the other; 0 = never. */
  readonly seconds: number;
  readonly executions: number;
  /** Every so manieth seed; absent: all. */
  readonly seedsEvery?: number;
  /** One 32-bit number (executions so far), one (bytes of the present input), then the input. */
  readonly present: SharedArrayBuffer;
}

export interface FuzzReport {
  readonly executions: number;
  readonly kept: number;
  readonly coveredCharacters: number;
  readonly done: boolean;
  /** latin-1, with what went wrong. */
  readonly finding: { readonly input: string; readonly error: string } | null;
}

/** The beginning of `present`: two 32-bit numbers. */
export const PRESENT_HEADER_BYTES = 8;
