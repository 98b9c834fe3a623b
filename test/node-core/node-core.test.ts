// The behaviours that Node.js's own tests ask of a server's request and response: each program runs on plain node:http and
// behind the server, the same client talks to both, and what both say and see is compared. node:http is the oracle.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { ROOT, type Served, serveNode } from '../end-to-end/serving.ts';
import type { Case } from './case.ts';
import { GROUPS } from './cases/all.ts';
import { SERVERS } from './cases/servers.ts';
import { NOT_A_SERVERS } from './elsewhere.ts';
import { namedTests, nodeHttpPage } from './page.ts';
import { play } from './play.ts';
import program from './program.ts';

const HERE = fileURLToPath(new URL('.', import.meta.url));

let plain: Server;
let ours: Served;

before(async () => {
  plain = program.listen(0, '127.0.0.1');
  ours = await serveNode('./program.js', ['--threads', '1', '--keep-alive', '30'], { cwd: HERE });
});
after(() => plain.closeAllConnections());
after(() => plain.close());

for (const [group, cases] of Object.entries(GROUPS)) {
  describe(group, { concurrency: cases === SERVERS ? 1 : 8 }, () => {
    for (const one of cases) {
      test(`${one.name}: ${one.asks}`, async (t) => {
        const { port } = plain.address() as AddressInfo;
        const [theirs, here] = await Promise.all([play(t, port, one), play(t, ours.port, one)]);
        if (!differs(one)) assert.deepEqual(here, theirs);
        else assert.notDeepEqual(here, theirs, 'it does not differ any more');
      });
    }
  });
}

test('docs/node-http.md is what the cases say now (npm run docs)', async () => {
  assert.equal(await readFile(join(ROOT, 'docs/node-http.md'), 'utf8'), nodeHttpPage());
});

test('no test of Node.js is both compared and said to ask for nothing, and no case stands twice', () => {
  const cases = Object.values(GROUPS).flat();
  assert.equal(new Set(cases.map(({ name }) => name)).size, cases.length);
  const others = NOT_A_SERVERS.split(' ');
  const compared = new Set(namedTests().slice(0, -others.length));
  assert.deepEqual(
    others.filter((name) => compared.has(name)),
    [],
  );
  assert.ok(new Set(namedTests()).size >= 370, 'all of Node.js 20.19.2');
});

function differs({ differs: why, until = Infinity }: Case): boolean {
  return why !== undefined && Number.parseInt(process.versions.node, 10) < until;
}
