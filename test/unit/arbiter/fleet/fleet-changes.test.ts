// What becomes of workers and of reloads, as counts and as sentences that say why.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FleetChanges } from '../../../../src/arbiter/fleet/fleet-changes.ts';
import type { Death } from '../../../../src/arbiter/fleet/worker-handle.ts';
import { EventList } from '../../../../src/arbiter/telemetry/events.ts';

test('a worker that was killed, died or is replaced has a reason, one that left needs none', () => {
  const events = new EventList({ wall: () => 0, now: () => 0, later: () => undefined });
  const changes = new FleetChanges(events);
  const left: Death = { code: 0, signal: null, byUs: false, during: 'draining', servedMs: 9000 };
  changes.ended(1, left);
  changes.ended(2, { ...left, code: null, signal: 'SIGKILL', byUs: true, during: 'ready' });
  changes.ended(3, { ...left, code: null, signal: 'SIGSEGV' });
  changes.ended(4, { ...left, code: 7, servedMs: null });
  changes.replaced(5, { reason: 'it is full', graceful: true, routine: false, serves: true });
  changes.reload('Reload refused, everything stays as it is: no such file\n  a traceback');
  assert.deepEqual(changes.ends, { left: 1, killed: 1, died: 2 });
  assert.deepEqual(changes.causes, { routine: 0, trouble: 1 });
  assert.deepEqual(
    events.all.map(({ kind, worker, why }) => [kind, worker, why]),
    [
      [
        'worker ended',
        2,
        'Worker 2 was killed 9.0 s after it was ready: its I/O loop gave no sign of life for longer than timeout allows.',
      ],
      ['worker ended', 3, 'Worker 3 ended by SIGSEGV 9.0 s after it was ready.'],
      ['worker ended', 4, 'Worker 4 ended with exit code 7 before it was ready.'],
      ['worker replaced', 5, 'Worker 5 is replaced, the new one first: it is full.'],
      ['reload', null, 'Reload refused, everything stays as it is: no such file'],
    ],
  );
});
