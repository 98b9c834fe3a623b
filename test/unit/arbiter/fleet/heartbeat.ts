// A heartbeat as a worker says it that has nothing under way but connections.

import { NOTHING } from '../../../../src/arbiter/telemetry/tally-sums.ts';
import type { ToArbiter } from '../../../../src/wire/arbiter-worker.ts';
import type { Tally } from '../../../../src/wire/tally.ts';

const { unserved: _, ...nothing } = NOTHING;
export const NO_TALLY: Tally = nothing;

export function heartbeat(
  connections = 0,
  mostConnections = connections,
  memoryBytes = 0,
  threads = 1,
): ToArbiter {
  return {
    kind: 'heartbeat',
    counts: {
      connections,
      mostConnections,
      queued: 0,
      unserved: {},
      refused: {},
      uncounted: 0,
      requests: 0,
      threads,
      busyThreads: 0,
      timers: 0,
      spooledBytes: 0,
      openFiles: 0,
      memoryBytes,
      pythonBytes: 0,
      loopDelayMs: 0,
    },
    tally: NO_TALLY,
  };
}
