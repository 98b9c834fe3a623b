// A part of row 9: what runs the application dies again and again, and is started less and less often.

import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { ask, eventually, type Served } from '../end-to-end/serving.ts';

/**
 * Ends whatever runs the application, on and on, until five have died.
 * @param death what the log says of each; its first group names the one that died
 */
export async function assertBacksOff(t: TestContext, served: Served, death: RegExp): Promise<void> {
  const deaths = (): number =>
    new Set([...served.log().matchAll(death)].map(([, name]) => name)).size;
  const diedAtMs: number[] = [];
  let over = false;
  const attackers = [1, 2].map(async () => {
    while (!over) await ask(served, '/exit').catch(() => undefined);
  });
  await eventually(() => {
    while (diedAtMs.length < deaths()) diedAtMs.push(performance.now());
    return diedAtMs.length >= 5;
  }, 'five deaths');
  over = true;
  const [first = 0, , , fourth = 0, fifth = 0] = diedAtMs;
  t.diagnostic(`5 died in ${((fifth - first) / 1000).toFixed(1)} s`);
  // The pause after the fourth is 400 ms, and the next one has to start besides; deaths are seen 15 ms late.
  assert.ok(fifth - fourth >= 380, `${fifth - fourth} ms`);
  await Promise.all(attackers);
  assert.equal((await ask(served, '/')).status, 200);
}
