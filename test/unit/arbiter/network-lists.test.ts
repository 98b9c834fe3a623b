// Networks in files, as allow, deny and limit_exempt name them: what is read, and what is told of what cannot be.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { readNetworkLists } from '../../../src/arbiter/network-lists.ts';

test('networks stand in lists and in files, with comments; what is wrong is told with its line', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'tunicorn-networks-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const file = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text);
    return `file:${join(folder, name)}`;
  };
  const list = file('list', '# ours\r\n10.0.0.0/8, fd00::/8\r\n\n192.0.2.1\t# one\n');
  const lists = { allow: [], deny: [], limit_exempt: [] };
  assert.deepEqual(readNetworkLists(lists), { allow: null, deny: [], exempt: [] });
  assert.deepEqual(readNetworkLists({ ...lists, allow: ['::1', list], limit_exempt: [list] }), {
    allow: ['::1', '10.0.0.0/8', 'fd00::/8', '192.0.2.1'],
    deny: [],
    exempt: ['10.0.0.0/8', 'fd00::/8', '192.0.2.1'],
  });
  const wrong = file('wrong', '10.0.0.0/8\n10.0.0.1/8\n');
  assert.throws(
    () => readNetworkLists({ ...lists, deny: [wrong] }),
    /^Error: deny: .*wrong, line 2: "10\.0\.0\.1\/8" is no address .*the network is 10\.0\.0\.0\/8\.$/,
  );
  assert.throws(
    () => readNetworkLists({ ...lists, deny: [`file:${folder}/none`] }),
    /deny names a file that cannot be read: ENOENT/,
  );
  assert.throws(
    () => readNetworkLists({ ...lists, allow: [file('empty', '# nobody\n')] }),
    /allow names no network .*: nobody would be served/,
  );
});
