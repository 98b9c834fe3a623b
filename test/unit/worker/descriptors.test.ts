// How many descriptors are left: what is kept free, whom there is room for, when it is said, and when a worker asks to be
// replaced. Faults put in by hand and seen here: no reserve; counts that are never renewed; no replacement.

import assert from 'node:assert/strict';
import { closeSync, openSync } from 'node:fs';
import { test } from 'node:test';
import type { Log } from '../../../src/observe/log.ts';
import { ownDescriptors } from '../../../src/open-files.ts';
import { DescriptorWatch } from '../../../src/worker/accepting/descriptor-watch.ts';
import { Descriptors } from '../../../src/worker/accepting/descriptors.ts';

class Process {
  open: number;
  readonly #limit: number | null;

  constructor(limit: number | null, open: number) {
    this.#limit = limit;
    this.open = open;
  }

  limit(): number | null {
    return this.#limit;
  }

  count(): number {
    return this.open;
  }
}

function begun(limit: number | null, open: number): { process: Process; descriptors: Descriptors } {
  const process = new Process(limit, open);
  const descriptors = new Descriptors(process, { forReplacing: 20, listeners: 1 });
  descriptors.begin(0);
  return { process, descriptors };
}

/** Connections that are accepted until there is no room. */
function fill(descriptors: Descriptors, process: Process): number {
  let open = 0;
  for (; descriptors.roomFor(open) && open < 10_000; open++) {
    descriptors.accepted();
    process.open += 1;
  }
  return open;
}

test('some are kept free for files and replacements, and under a low limit half of what is left', () => {
  const roomy = begun(1000, 40);
  assert.equal(fill(roomy.descriptors, roomy.process), 1000 - 40 - 36);
  const tight = begun(64, 34);
  assert.equal(fill(tight.descriptors, tight.process), 15);
  assert.equal(tight.descriptors.capacity, 15);
});

test('the first connection may take from the reserve, but not the last descriptor', () => {
  const { process, descriptors } = begun(64, 60);
  assert.equal(fill(descriptors, process), 1);
  process.open = 63;
  descriptors.tick(1000);
  assert.equal(descriptors.roomFor(0), false);
});

test('what others take and give back is seen on the next tick when few are left', () => {
  const { process, descriptors } = begun(100, 40);
  process.open = 99;
  descriptors.tick(1000);
  assert.equal(descriptors.roomFor(5), false);
  process.open = 45;
  descriptors.tick(1050);
  assert.equal(descriptors.roomFor(5), true);
});

test('what a pause gives back is no reason to go on; two connections that close are', () => {
  const { process, descriptors } = begun(1000, 40);
  const open = fill(descriptors, process);
  process.open -= 2;
  descriptors.tick(1000);
  assert.equal(descriptors.roomFor(open), false, 'the listening handle and its spare');
  descriptors.closed();
  assert.equal(descriptors.roomFor(open - 1), true);
});

test('what a pause gives back while nobody is there is no reason to go on', () => {
  const { process, descriptors } = begun(100, 40);
  process.open = 99;
  descriptors.tick(1000);
  assert.equal(descriptors.roomFor(0), false);
  process.open -= 2;
  descriptors.tick(1050);
  assert.equal(descriptors.roomFor(0), false, 'the listening handle and its spare');
  process.open -= 1;
  descriptors.tick(1100);
  assert.equal(descriptors.roomFor(0), true);
});

test('when none is left even for counting there is no room', () => {
  const { process, descriptors } = begun(100, 40);
  process.open = Number.POSITIVE_INFINITY;
  descriptors.tick(1000);
  assert.equal(descriptors.used, 100);
  assert.equal(descriptors.roomFor(0), false);
});

test('where the limit is unknown there is always room', () => {
  const { process, descriptors } = begun(null, 40);
  assert.equal(fill(descriptors, process), 10_000);
});

test('this process is counted rightly', () => {
  const before = ownDescriptors.count();
  const file = openSync('/dev/null', 'r');
  assert.equal(ownDescriptors.count(), (before ?? 0) + 1);
  closeSync(file);
  assert.ok(before !== null && (ownDescriptors.limit() ?? 0) > before);
});

test('a lack is said once, and a worker is replaced only when it is the application that has them', () => {
  const { process, descriptors } = begun(100, 40);
  const said: string[] = [];
  const reasons: string[] = [];
  const log = { warning: (message: string) => said.push(message) } as unknown as Log;
  const watch = new DescriptorWatch({
    descriptors,
    log,
    connections: 1000,
    replaceMe: (reason) => reasons.push(reason),
  });
  watch.begin(0);
  assert.match(said[0] ?? '', /about 30 connections, before worker_connections \(1000\)\. 2304 /);
  const pass = (seconds: number, fromMs: number, open: number): void => {
    for (let ms = 0; ms < seconds * 1000; ms += 50) watch.tick(fromMs + ms, open);
  };
  process.open = 99;
  pass(30, 0, 30);
  assert.deepEqual(reasons, [], 'many connections have them');
  assert.equal(said.length, 1 + 3, 'once in ten seconds');
  pass(9, 40_000, 3);
  assert.deepEqual(reasons, []);
  pass(2, 49_000, 3);
  assert.deepEqual(reasons, ['99 of 100 files are open, most of them by the application']);
});
