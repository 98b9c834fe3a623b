// What an operator is told of what happens once, and of what happens again and again, on a clock of its own. Seen to fail: a flood
// that is told every second pushes the reload before it out of the list.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EventWatch } from '../../../../src/arbiter/telemetry/event-watch.ts';
import { EventList } from '../../../../src/arbiter/telemetry/events.ts';
import { NOTHING, type Sums } from '../../../../src/arbiter/telemetry/tally-sums.ts';
import { EVENTS_MAX } from '../../../../src/wire/live.ts';
import { resolveFrom } from '../../settings/folder.ts';

class World {
  ms = 0;
  readonly #later: { atMs: number; deed: () => void }[] = [];
  readonly events = new EventList({
    wall: () => 1_700_000_000_000 + this.ms,
    now: () => this.ms,
    later: (ms, deed) => this.#later.push({ atMs: this.ms + ms, deed }),
  });

  pass(ms: number): void {
    const endMs = this.ms + ms;
    for (;;) {
      this.#later.sort((one, other) => one.atMs - other.atMs);
      const [first] = this.#later;
      if (first === undefined || first.atMs > endMs) break;
      this.#later.shift();
      this.ms = first.atMs;
      first.deed();
    }
    this.ms = endMs;
  }
}

test('what goes on is told within a second, then every five, and no count is lost', () => {
  const world = new World();
  world.events.tell('reload', null, 'Reloaded.');
  const words = (count: number): string => `${count} were refused.`;
  let repeated = 0;
  for (let second = 0; second < 600; second++) {
    for (const worker of [1, 2]) {
      world.events.repeat({ kind: 'limited', reason: 'rate', count: 7, worker, words });
      repeated += 7;
    }
    world.pass(1000);
  }
  world.pass(60_000);
  const [reload, ...limited] = world.events.all;
  assert.equal(reload?.kind, 'reload');
  assert.equal(
    limited.reduce((all, { count }) => all + count, 0),
    repeated,
  );
  assert.ok(limited.length <= 122, `${limited.length} events`);
  assert.equal((limited[0]?.atMs ?? 0) - 1_700_000_000_000, 1000);
  assert.equal(limited[0]?.worker, null);
  assert.match(limited[1]?.why ?? '', /^\d+ were refused\.$/);
});

test('the oldest go first, and who has seen some is told those since', () => {
  const world = new World();
  for (let each = 1; each <= EVENTS_MAX + 5; each++) world.events.tell('reload', null, `${each}`);
  const { all, last } = world.events;
  assert.deepEqual([all.length, all[0]?.id, last], [EVENTS_MAX, 6, EVENTS_MAX + 5]);
  const told = world.events.since(last - 2).map(({ why }) => why);
  assert.deepEqual(told, [`${last - 1}`, `${last}`]);
  assert.equal(world.events.until(last - 2).length, EVENTS_MAX - 2);
});

test('every event says why, with the setting that wanted it so', async () => {
  const world = new World();
  const { settings } = await resolveFrom({
    argv: [
      'shop:app',
      ...['--queue-limit', '3', '--queue-timeout', '9', '--limit-connections', '5'],
      ...['--worker-connections', '10'],
    ],
  });
  const worker = { pid: 7, counts: { mostConnections: 10 } };
  const watch = new EventWatch({
    events: world.events,
    settings: () => settings,
    teller: (asked) => (asked === worker ? worker : null),
  });
  const more: Sums = {
    ...NOTHING,
    failed: { 'queue-full': 2, 'queue-timeout': 1, overdue: 1, 'app-raised': 4 },
    refused: { 'rate login': 1, connections: 3, 'dry denied': 2 },
    amounts: { ...NOTHING.amounts, acceptPauses: 1 },
  };
  watch.trouble(worker, {
    about: 'shed',
    code: 'queue-full',
    count: 1,
    sentence: 'GET /a from 127.0.0.1:1 was answered 503.',
  });
  watch.counted(worker, more);
  watch.counted({}, more);
  const overdue = { about: 'overdue', code: 'overdue', count: 1 } as const;
  watch.trouble(worker, { ...overdue, sentence: 'GET /b ran for 2 s.' });
  world.pass(1000);
  watch.trouble(worker, { ...overdue, count: 3, sentence: 'GET /c ran for 2 s.' });
  world.pass(5000);
  assert.deepEqual(
    world.events.all.map(({ kind, count, why }) => [kind, count, why]),
    [
      [
        'shed',
        2,
        '2 requests were answered 503: all threads were busy and queue_limit (3) requests waited already. One of them: GET /a from 127.0.0.1:1 was answered 503.',
      ],
      ['shed', 1, '1 request was answered 503: no thread was free within queue_timeout (9 s).'],
      ['limited', 1, '1 request was refused by the limit "login".'],
      ['limited', 3, '3 connections were refused by limit_connections (5).'],
      ['limited', 2, '2 clients would have been refused by allow or deny (limit_dry_run).'],
      [
        'accepting paused',
        1,
        'Accepting paused once, because worker_connections (10) were open. It goes on when a connection closes.',
      ],
      ['timed out', 1, 'GET /b ran for 2 s.'],
      ['timed out', 3, '3 requests took longer than they may. One of them: GET /c ran for 2 s.'],
    ],
  );
});
