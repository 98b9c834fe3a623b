// A short run of every target of the fuzzer, always with the same seeds, and the fuzzer itself: planted faults are found.
// `npm run fuzz -- --minutes 10` runs it for long; CI runs it for a minute.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Target } from './target.ts';
import { TARGETS } from './targets/all.ts';
import { watched } from './watch.ts';

/** Beyond the seeds, which are played first; CI has a minute of its own for more, with all seeds. */
const EXECUTIONS = 100;
/** The golden cases are played by tests of their own: a fourth of them shows that the targets hold. */
const SEEDS_EVERY = 4;
const PLANTED = new URL('./planted.js', import.meta.url).href;

for (const { name, module, target } of TARGETS) {
  test(`what must hold holds for made-up bytes: ${name}`, async () => {
    const executions = Math.ceil((await seedsOf(module, target)) / SEEDS_EVERY) + EXECUTIONS;
    const order = { module, target, seed: 1, seconds: 0, executions, seedsEvery: SEEDS_EVERY };
    const outcome = await watched(order);
    assert.equal(outcome.finding, null);
    assert.ok(outcome.executions >= executions, `${outcome.executions} executions`);
    assert.ok(outcome.coveredCharacters > 5000, `${outcome.coveredCharacters} characters covered`);
  });
}

async function seedsOf(module: string, target: string): Promise<number> {
  const all = (await import(module)) as Readonly<Record<string, Target>>;
  return all[target]?.seeds.length ?? 0;
}

test('the fuzzer finds a fault behind four conditions, led by the code that it reaches', async () => {
  const order = { module: PLANTED, target: 'deepTarget', seed: 1, seconds: 0, executions: 400_000 };
  const { finding } = await watched(order);
  assert.match(finding?.error ?? 'nothing found', /the planted fault/);
  assert.equal(finding?.input.length, 8, 'what has no part in it is taken out');
});

test('an input that never ends is found, and said', async () => {
  const order = { module: PLANTED, target: 'endlessTarget', seed: 1, seconds: 0, executions: 0 };
  const { finding } = await watched(order, { hangsMs: 1500 });
  assert.equal(finding?.error, 'it does not end');
  assert.match(finding?.input ?? '', /\xee/);
});

test('an input that takes all memory is found, and said', async () => {
  const order = { module: PLANTED, target: 'greedyTarget', seed: 1, seconds: 0, executions: 0 };
  const { finding } = await watched(order, { heapMib: 64 });
  assert.match(finding?.error ?? 'nothing found', /memory/);
  assert.match(finding?.input ?? '', /\xee/);
});
