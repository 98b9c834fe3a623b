// Who counts for all, as those see it who lease tokens of it. Shapes only.

import type { Grant } from './bucket.ts';

/** A grant that may be used for so long. */
export interface Lease extends Grant {
  readonly validMs: number;
}

/** Who counts for all. */
export interface Lender {
  /** Asks for up to `count`. `answered` is called at most once, and maybe never. */
  take(limit: number, key: string, count: number, answered: (lease: Lease) => void): void;
  giveBack(limit: number, key: string, count: number): void;
  /** So many went on that it had not granted. `told` is called once, when it is known whether it has heard. */
  charge(limit: number, key: string, count: number, told?: (heard: boolean) => void): void;
}
