// The cases of the Autobahn test suite through `ws`: with us in between every frame, every close code and every end of a connection
// is as without. The same program is played at both ways, on node:http in this process and in a thread of a server.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { NODE_APPS, type Served, serveNode } from '../end-to-end/serving.ts';
import { type Case, SECTIONS } from './cases.ts';
import { type Outcome, play } from './play.ts';

/** Cases at one time. */
const AT_ONCE = 8;

let served: Served;
let direct: Server;

before(async () => {
  served = await serveNode('upgrades.mjs', ['--threads', '1']);
  const program = (await import(pathToFileURL(join(NODE_APPS, 'upgrades.mjs')).href)) as {
    readonly default: Server;
  };
  direct = program.default.listen(0, '127.0.0.1');
  await once(direct, 'listening');
});
after(() => direct.close());

async function playAll(port: number, cases: readonly Case[]): Promise<Record<string, Outcome>> {
  const outcomes: Record<string, Outcome> = {};
  const left = [...cases];
  const one = async (): Promise<void> => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) {
      const path = next.offer === undefined ? '/echo' : '/deflate';
      outcomes[next.name] = await play(port, path, next);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, one));
  return outcomes;
}

for (const [section, cases] of Object.entries(SECTIONS)) {
  test(`${section}: ${cases.length} cases end as without us`, async () => {
    const { port } = direct.address() as AddressInfo;
    const expected = await playAll(port, cases);
    const found = await playAll(served.port, cases);
    for (const { name } of cases) assert.deepEqual(found[name], expected[name], name);
  });
}

test('the cases are played: what ws is known to answer is there', async () => {
  const known = {
    '1.1.2': /^81 125 (2a){125}/,
    '2.5': /^88 2 03ea/,
    '6.3.1': /^88 2 03ef/,
    '7.7.13': /^88 2 1387/,
    '7.9.1': /^88 2 03ea/,
    '12.1.4': /^c1 /,
  };
  const all = Object.values(SECTIONS).flat();
  assert.equal(new Set(all.map(({ name }) => name)).size, all.length);
  const outcomes = await playAll(
    served.port,
    all.filter(({ name }) => name in known),
  );
  for (const [name, first] of Object.entries(known)) {
    assert.match(outcomes[name]?.frames[0] ?? '', first, name);
  }
});
