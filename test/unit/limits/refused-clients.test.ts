// Who is refused most, in a table of fixed size: against a million keys, over hours, and for people. Seen to fail: a table that keeps
// whoever came first, counts that never fade.

import assert from 'node:assert/strict';
import test from 'node:test';
import { keyInWords, RefusedClients } from '../../../src/limits/refused-clients.ts';

function refusal(key: string) {
  return { reason: 'rate', limit: 'login', client: key, key, dry: false, retryMs: 500 } as const;
}

test('few are counted exactly, lately and since when', () => {
  const table = new RefusedClients();
  for (let n = 0; n < 30; n++) table.note(refusal('a'), 1000 + n * 500);
  table.note(refusal('b'), 1000);
  table.note({ ...refusal('b'), dry: true }, 1000);
  const [first, ...others] = table.list(16_000);
  // 7.0, 7.5 ... 15.5: the last nine whole seconds and the present one.
  assert.deepEqual(
    [first?.key, first?.refused, first?.lately, first?.firstMs, first?.lastMs],
    ['a', 30, 18, 1000, 15_500],
  );
  assert.deepEqual(
    others.map(({ key, dry, refused, lately }) => [key, dry, refused, lately]),
    [
      ['b', false, 1, 0],
      ['b', true, 1, 0],
    ],
  );
});

test('a million keys take no memory and push nobody out who is refused more than they', () => {
  const table = new RefusedClients();
  let refusedOfHeavy = 0;
  for (let n = 0; n < 1_000_000; n++) {
    const nowMs = n / 20;
    table.note(refusal(`made-up-${n}`), nowMs);
    // One of a hundred: more than one of 256.
    if (n % 100 !== 0) continue;
    table.note(refusal('heavy'), nowMs);
    refusedOfHeavy += 1;
  }
  const list = table.list(50_000);
  assert.equal(list.length, 256);
  assert.deepEqual([list[0]?.key, list[0]?.refused], ['heavy', refusedOfHeavy]);
});

test('who was heavy an hour ago makes room for who is now', () => {
  const table = new RefusedClients();
  for (let n = 0; n < 255 * 200; n++) table.note(refusal(`old-${n % 255}`), 0);
  for (let hour = 1; hour <= 24; hour++) {
    const name = `heavy-${hour}`;
    const hourMs = hour * 3_600_000;
    for (let n = 0; n < 2000; n++) {
      table.note(refusal(n % 50 === 0 ? name : `made-up-${hour}-${n}`), hourMs + n);
    }
    const list = table.list(hourMs + 2000);
    assert.equal(list.length, 256);
    assert.deepEqual([list[0]?.key, list[0]?.refused], [name, 40]);
  }
});

test('what a client sends as a key is told as the beginning of its SHA-256, however long', () => {
  assert.equal(keyInWords('203.0.113.7'), '203.0.113.7');
  assert.equal(keyInWords('*'), 'everybody');
  assert.equal(keyInWords(''), 'a unix socket');
  assert.equal(keyInWords('=hello'), 'sha256:2cf24dba5fb0');
  const table = new RefusedClients();
  table.note(refusal(`=${'k'.repeat(8000)}`), 0);
  const [{ key } = refusal('')] = table.list(0);
  assert.ok(key.length < 40);
  assert.equal(keyInWords(key), keyInWords(`=${'k'.repeat(8000)}`));
});
