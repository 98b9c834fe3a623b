// The watchdog over a clock that jumps: an arbiter that was stopped itself (a suspended machine) does not blame its workers for what
// it has not read yet. The receiver is a real socket.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Supervisor, type SupervisorParts } from '../../../../src/arbiter/service/supervisor.ts';
import type { WorkerCounts } from '../../../../src/wire/arbiter-worker.ts';
import { eventually } from '../../../support/eventually.ts';
import { receiveNotices } from '../../../support/notify-receiver.ts';
import { NO_TALLY } from '../fleet/heartbeat.ts';
import { SimulatedFleet } from '../fleet/simulated-fleet.ts';

test('after a pause of its own the watchdog reads what the workers said before it judges them', async (t) => {
  const receiver = await receiveNotices(t);
  const simulated = new SimulatedFleet(1);
  const worker = simulated.newest();
  worker.tell({ kind: 'ready', memoryBytes: 0 });
  const heartbeat = {
    kind: 'heartbeat',
    counts: { threads: 1, unserved: {}, refused: {} } as unknown as WorkerCounts,
    tally: NO_TALLY,
  } as const;
  const errors = () => simulated.lines.filter((line) => line.startsWith('error: '));
  let asked: (() => void) | null = null;
  const parts: SupervisorParts = {
    python: '/usr/bin/python3',
    fleet: simulated.fleet,
    isReloading: () => false,
    log: () => simulated.log(),
    now: () => {
      asked?.();
      return simulated.nowMs;
    },
  };
  const supervisor = new Supervisor({ socket: receiver.path, watchdogMs: 90 }, parts);
  t.after(() => supervisor.end());
  const pets = (): number => receiver.count('WATCHDOG=1\\n');
  supervisor.look();
  await eventually(() => pets() >= 2, 'signs of life');

  // The first to see the pause is the watchdog's timer; what the worker said meanwhile is read behind it.
  simulated.nowMs += 20_000;
  await new Promise<void>((resolve) => {
    asked = () => setImmediate(resolve);
  });
  worker.tell(heartbeat);
  const before = pets();
  await eventually(() => pets() >= before + 2, 'signs of life again');
  assert.deepEqual(errors(), []);

  simulated.nowMs += 400;
  await eventually(() => pets() >= before + 4, 'a timer that is a little late is none');
  simulated.nowMs += 6_000;
  await eventually(() => errors().length > 0, 'silence that goes on to be told');
  assert.match(errors()[0] ?? '', /No worker answers/);
});
