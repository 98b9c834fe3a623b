// Rows 6 and 7 with clients that do not wait for the end: a request that hangs keeps its thread no longer when its client
// has gone, or has the whole response, than when it waits. Seen to fail without src/threads/python/unheard.ts and
// src/threads/node/host/standstill.ts: the thread is lost for good, and the log says nothing.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ask, eventually, type Served, serveNode, serveWsgi } from '../end-to-end/serving.ts';

const ARGS = ['--threads', '1', '--timeout', '1'];

const rows: readonly (readonly [string, () => Promise<Served>, readonly string[]])[] = [
  ['WSGI', () => serveWsgi('hangs:app', ARGS), ['/sleep', '/spin', '/native', '/hold', '/swallow']],
  ['Node.js', () => serveNode('./hangs.mjs:listener', ARGS), ['/spin']],
];

describe('nobody listens', { concurrency: 3 }, () => {
  for (const [kind, serve, paths] of rows) {
    for (const path of paths) {
      it(`${kind}: a client that resets its ${path} does not leave the thread hanging`, async () => {
        const served = await serve();
        assert.equal((await ask(served, '/')).status, 200);
        const client = await served.connect();
        await client.send(`GET ${path} HTTP/1.1\r\nHost: a\r\nX-Say: begun\r\n\r\n`);
        await served.server.line(/^begun$/m);
        client.reset();
        assert.equal((await ask(served, '/')).status, 200);
        // Of an interpreter that is held its own heartbeat may be the first to tell.
        const told = path === '/hold' ? /unheard-overdue|does not answer/ : /\(unheard-overdue\)/;
        await eventually(() => told.test(served.log()), 'the line about it');
      });
    }
  }

  it('Node.js: an event stream in the thread does not put off its end', async () => {
    const served = await serveNode('./hangs.mjs:listener', ARGS);
    const open = await served.connect();
    await open.send('GET /events HTTP/1.1\r\nHost: a\r\n\r\n');
    await open.take(1);
    const client = await served.connect();
    await client.send('GET /spin HTTP/1.1\r\nHost: a\r\nX-Say: begun\r\n\r\n');
    await served.server.line(/^begun$/m);
    client.reset();
    // Without this a thread would be lost for as long as the stream may be silent (stream_timeout).
    assert.equal((await ask(served, '/')).status, 200);
    await eventually(() => served.log().includes('(unheard-overdue)'), 'the line about it');
    assert.match(served.log(), /although no request was past its time: .*holds the loop/);
  });

  it('WSGI: a close() that hangs behind a whole response does not keep the thread', async () => {
    const served = await serveWsgi('hangs:app', ARGS);
    assert.equal((await ask(served, '/close_behind_length')).body.toString(), 'whole');
    assert.equal((await ask(served, '/')).status, 200);
    await eventually(() => served.log().includes('(unheard-overdue)'), 'the line about it');
    assert.match(served.log(), /GET \/close_behind_length .*had the whole response[\s\S]*in close/);
  });
});
