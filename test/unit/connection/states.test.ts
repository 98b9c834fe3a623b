// The tables of the states: the page made from them is up to date, every state can be reached and left, and no way is
// missing a deadline.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { workerDeadlines } from '../../../src/arbiter/fleet/describe-deadlines.ts';
import { workerStates } from '../../../src/arbiter/fleet/worker-states.ts';
import { connectionDeadlines } from '../../../src/connection/states/describe-deadlines.ts';
import { statesPage } from '../../../src/connection/states/describe-states.ts';
import { nameOf } from '../../../src/connection/states/state-names.ts';
import { OWING, PAIRS, READING } from '../../../src/connection/states/states.ts';
import { ConnectionState, StateFault } from '../../../src/connection/states/transition.ts';
import { timeouts } from '../../../src/settings/catalogue/timeouts.ts';
import type { SettingName } from '../../../src/settings/catalogue.ts';
import { deadlinesTable } from '../../../src/settings/describe/deadlines.ts';
import { defaultSeconds } from '../../../src/settings/describe/defaults.ts';
import {
  applicationDeadlines,
  askingDeadlines,
  limitDeadlines,
} from '../../../src/worker/describe-deadlines.ts';

/** As scripts/docs.mjs has them. */
const ROWS = [
  ...connectionDeadlines(),
  ...limitDeadlines(),
  ...askingDeadlines(),
  ...workerDeadlines(),
  ...applicationDeadlines(),
];

test('docs/states.md is what the tables say now (npm run docs)', () => {
  const page = readFileSync(new URL('../../../../docs/states.md', import.meta.url), 'utf8');
  assert.equal(page, statesPage(defaultSeconds, deadlinesTable(ROWS)));
});

test('every setting that bounds a wait is in the table of all deadlines, with its default', () => {
  const bounds = new Set(ROWS.map(({ bound }) => bound));
  const settings = [...Object.keys(timeouts.settings), 'boot_timeout', 'graceful_timeout'];
  assert.deepEqual(
    settings.filter((name) => !bounds.has(name as SettingName)),
    [],
  );
  const table = deadlinesTable(ROWS);
  assert.match(
    table,
    /^\| queued \| a free thread \| `queue_timeout` \| 15 s \| 503 with Retry-After \|$/m,
  );
  assert.match(table, /\| `body_min_rate` \| 500 bytes a second \|/);
});

test('every state that waits has its row in the table of all deadlines', () => {
  const named = new Set(ROWS.map(({ who }) => who));
  for (const reading of Object.keys(PAIRS) as (keyof typeof PAIRS)[]) {
    for (const owing of PAIRS[reading]) {
      assert.ok(named.has(nameOf(reading, owing)), `${reading}, ${owing}`);
    }
  }
  for (const state of Object.keys(workerStates)) assert.ok(named.has(`worker, ${state}`), state);
});

test('every pair of halves that may be has at least one deadline', () => {
  for (const [reading, owings] of Object.entries(PAIRS)) {
    for (const owing of owings) {
      const deadlines = [READING[reading as keyof typeof READING].deadline, OWING[owing].deadline];
      const isPassing = ['complete', 'upgraded'].includes(reading) && owing === 'nothing';
      assert.ok(isPassing || deadlines.some((one) => one !== 'other half'), `${reading}, ${owing}`);
    }
  }
});

test('every state of each half is reached from its first one', () => {
  for (const [rows, first] of [
    [READING, 'proxy'],
    [OWING, 'nothing'],
  ] as const) {
    const ways: Record<string, { on: Record<string, string> }> = rows;
    const reached = new Set<string>([first]);
    for (const state of reached)
      for (const next of Object.values(ways[state]?.on ?? {})) reached.add(next);
    for (const state of Object.keys(rows))
      assert.ok(reached.has(state), `${state} is never reached`);
  }
});

test('a connection that may give way has nothing of the application to wait for', () => {
  for (const [reading, { givesWay }] of Object.entries(READING)) {
    if (!givesWay) continue;
    const owed = PAIRS[reading as keyof typeof PAIRS].filter((owing) => owing !== 'nothing');
    // A refusal on its way is of the server, in lingering and, of a PROXY header, in proxy.
    const mayRefuse = reading === 'lingering' || reading === 'proxy';
    assert.deepEqual(owed, mayRefuse ? ['writing'] : [], reading);
  }
});

test('an event that a state does not know is a fault that names both', () => {
  const state = new ConnectionState();
  assert.throws(
    () => state.read('body complete'),
    (error: unknown) => {
      return error instanceof StateFault && /"body complete" in "new"/.test(error.message);
    },
  );
  assert.throws(() => state.owe('started'), /"started" in "nothing"/);
});

test('a pair of halves that may not be is a fault', () => {
  const state = new ConnectionState();
  assert.throws(() => state.owe('submitted'), /the pair "new", "queued" may not be/);
});
