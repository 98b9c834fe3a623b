// How often workers were to be replaced and how they ended, since the start of the server; for metrics.

import type { Counts } from '../wire/tally.ts';
import type { Death, Replacement } from './worker-handle.ts';

/** `killed`: by the arbiter, because it did not answer or end in time. */
type End = 'left' | 'killed' | 'died';
/** `routine`: as the settings want it. */
type Cause = 'routine' | 'trouble';

export class FleetChanges {
  readonly #ends: Record<End, number> = { left: 0, killed: 0, died: 0 };
  readonly #causes: Record<Cause, number> = { routine: 0, trouble: 0 };

  get ends(): Counts {
    return { ...this.#ends };
  }

  /** Why workers were to be replaced one by one; a reload is not among it. */
  get causes(): Counts {
    return { ...this.#causes };
  }

  ended({ byUs, code }: Death): void {
    const ofItself = code === 0 ? 'left' : 'died';
    this.#ends[byUs ? 'killed' : ofItself] += 1;
  }

  replaced({ routine }: Replacement): void {
    this.#causes[routine ? 'routine' : 'trouble'] += 1;
  }
}
