// Networks in files, as allow, deny and limit_exempt name them: what is read, and what is told of what cannot be.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { readNetworkLists } from '../../../../src/arbiter/stage/network-lists.ts';
import type { Sources } from '../../../../src/settings/resolve.ts';
import { SettingError } from '../../../../src/settings/setting-error.ts';

test('networks stand in lists and in files, with comments; what is wrong is told with its line', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'tunicorn-networks-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const file = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text);
    return `file:${join(folder, name)}`;
  };
  const list = file('list', '# ours\r\n10.0.0.0/8, fd00::/8\r\n\n192.0.2.1\t# one\n');
  const lists = { allow: [], deny: [], limit_exempt: [] };
  assert.deepEqual(readNetworkLists(lists, null), { allow: null, deny: [], exempt: [] });
  assert.deepEqual(
    readNetworkLists({ ...lists, allow: ['::1', list], limit_exempt: [list] }, null),
    {
      allow: ['::1', '10.0.0.0/8', 'fd00::/8', '192.0.2.1'],
      deny: [],
      exempt: ['10.0.0.0/8', 'fd00::/8', '192.0.2.1'],
    },
  );
  const wrong = file('wrong', '10.0.0.0/8\n10.0.0.1/8\n');
  assert.throws(
    () => readNetworkLists({ ...lists, deny: [wrong] }, null),
    /^SettingError: deny names .*wrong, line 2: "10\.0\.0\.1\/8" is no address .*the network is 10\.0\.0\.0\/8\.$/,
  );
  assert.throws(
    () => readNetworkLists({ ...lists, deny: [`file:${folder}/none`] }, null),
    /deny names .*\/none, which cannot be read \(ENOENT.*\)\. It must be a file with/,
  );
  assert.throws(
    () => readNetworkLists({ ...lists, allow: [file('empty', '# nobody\n')] }, null),
    /allow names no network .*: nobody would be served/,
  );
  const deny = { kind: 'arguments', from: 'command line', flag: '--deny' } as const;
  assert.throws(
    () => readNetworkLists({ ...lists, deny: [`file:${folder}`] }, { deny } as unknown as Sources),
    (error: unknown) =>
      error instanceof SettingError &&
      error.isUsage &&
      error.message.startsWith(
        `deny on the command line (--deny) names ${folder}, which cannot be read (EISDIR`,
      ),
  );
});
