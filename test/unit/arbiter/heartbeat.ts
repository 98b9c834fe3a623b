// A heartbeat as a worker says it that has nothing under way but connections.

import type { ToArbiter } from '../../../src/wire/arbiter-worker.ts';
import type { Tally } from '../../../src/wire/tally.ts';

const NO_TIMES = { counts: [], sumMs: 0 };
export const NO_TALLY: Tally = {
  answered: {},
  durations: NO_TIMES,
  queueWaits: NO_TIMES,
  held: NO_TIMES,
  failed: {},
  refused: {},
  passed: {},
  lost: {},
  amounts: {
    responseBytes: 0,
    receivedBytes: 0,
    sentBytes: 0,
    acceptPauses: 0,
    busyMs: 0,
    uncounted: 0,
    spansExported: 0,
    spansDropped: 0,
  },
};

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
