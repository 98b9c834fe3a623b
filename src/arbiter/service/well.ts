// Whether a server is well, for the watchdog that ends it otherwise: whether anybody answers. Single workers that do not are the
// arbiter's to replace; a new server is the remedy when none is left that does.

import type { Fleet } from '../fleet/fleet.ts';

/** Workers are heard every second, on a busy machine later. Longer than what kills a worker at the least (shortestSilenceMs). */
const HEARD_WITHIN_MS = 5_000;

/**
 * One worker at least is ready to serve, was heard of within 5 s, and has a thread that runs the application. Also when no
 * worker is wanted (SIGWINCH), and while the server stops: that has deadlines of its own.
 */
export function isWell(
  { phase, size, workers }: Pick<Fleet, 'phase' | 'size' | 'workers'>,
  nowMs: number,
): boolean {
  if (phase !== 'running' || size === 0) return true;
  return workers.some(({ serves, heardAtMs }) => serves && nowMs - heardAtMs <= HEARD_WITHIN_MS);
}
