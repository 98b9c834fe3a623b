// The rows that worker processes have in the table of all deadlines, from the table that the arbiter runs on.

import { type DeadlineRow, fixedMs } from '../../settings/describe/deadlines.ts';
import { EVALUATE_MS } from '../../settings/evaluation.ts';
import {
  deathMs,
  type LivingState,
  quitMs,
  shortestSilenceMs,
  type WorkerLimits,
  workerStates,
} from './worker-states.ts';

const BOUNDS: { readonly [L in keyof WorkerLimits]: DeadlineRow['bound'] } = {
  boot: 'boot_timeout',
  hook: 'hook_timeout',
  silence: 'timeout',
  graceful: 'graceful_timeout',
  quit: fixedMs(quitMs),
  death: fixedMs(deathMs),
};

const SEEN: { readonly [S in LivingState]: string } = {
  booting: 'nothing: it has accepted nobody. It is killed and another is started',
  waiting: `nothing: it has accepted nobody. Each hook has that long, and ${EVALUATE_MS / 1000} s for the file to be evaluated anew; it is killed and another is started`,
  ready: `its connections are reset; it is killed and replaced. Not before ${shortestSilenceMs / 1000} s of silence`,
  draining: `what is open is reset; the process ends, or is killed ${quitMs / 1000} s later`,
  unwanted: 'nothing more; it is killed',
  quitting: 'nothing more; it is killed',
  killed: 'nothing more; the arbiter goes on without it',
};

export function workerDeadlines(): readonly DeadlineRow[] {
  return (Object.keys(SEEN) as LivingState[]).map((state) => {
    const { deadline, waitsFor } = workerStates[state];
    return { who: `worker, ${state}`, waitsFor, bound: BOUNDS[deadline], seen: SEEN[state] };
  });
}
