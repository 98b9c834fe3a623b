// The behaviours that Node.js's own tests ask of a server's request and response: each program runs on plain node:http and
// behind the server, the same client talks to both, and what both say and see is compared. node:http is the oracle.

import assert from 'node:assert/strict';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type Served, serveNode } from '../end-to-end/serving.ts';
import { GROUPS } from './cases/all.ts';
import { SERVERS } from './cases/servers.ts';
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
        if (one.differs === undefined) assert.deepEqual(here, theirs);
        else assert.notDeepEqual(here, theirs, 'it does not differ any more');
      });
    }
  });
}
