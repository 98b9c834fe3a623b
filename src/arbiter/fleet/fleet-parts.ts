// What a fleet works with, and what a renewal of it is: shapes only.

import type { Log } from '../../observe/log.ts';
import type { FleetChanges } from './fleet-changes.ts';
import type { Generation } from './generation.ts';

export interface FleetParts {
  readonly workers: number;
  readonly generation: Generation;
  /** Asked for anew for each line: a reload may change it. */
  readonly log: Log;
  /** Milliseconds, monotonic. */
  now(): number;
  /** The first worker accepts, and no reload is under way that will say so. */
  serves(): void;
  closeListeners(): void;
  /** The application was loaded from these files, since then (wall clock, ms). */
  loadedFiles(files: readonly string[], sinceMs: number): void;
  /** Asked when the application could not be loaded and never was: a change of its files will bring a renewal. */
  waitsForMending(): boolean;
  /** `tick` must be called at this time or earlier. Replaces the time given before. */
  wakeAt(atMs: number): void;
  /** Counts them; absent where nobody asks. */
  readonly changes?: FleetChanges;
  /** Called once, when no worker is left. */
  finished(exitCode: number): void;
}

/** How a renewal ended. `failed`: the workers from before serve on. */
export type Outcome = 'done' | 'failed';

/** All workers are to be changed for those of another generation, all of them or none. */
export interface Renewal {
  readonly generation: Generation;
  /** How many there are to be. */
  size: number;
  readonly settled: (outcome: Outcome) => void;
}
