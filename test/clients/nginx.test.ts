// nginx in front of both kinds of application: with HTTP/1.0 (what it speaks by default) and a connection for each request,
// with kept connections, with bodies passed on as they come, and while connections are closed for being idle or for
// making room. No client may see a 502.

import assert from 'node:assert/strict';
import http from 'node:http';
import { before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Served } from '../end-to-end/serving.ts';
import { soon } from '../support/eventually.ts';
import { KEPT, type Nginx, startNginx } from './nginx.ts';
import { KINDS, pattern, told } from './trying.ts';

const LARGE = pattern(0, 1_500_001);

interface Answer {
  readonly status: number | undefined;
  /** The port of nginx's end of the connection to us. */
  readonly port: unknown;
  readonly body: Buffer;
}

interface Question {
  readonly path: string;
  readonly method?: string;
  readonly body?: Buffer;
  readonly chunked?: boolean;
}

function ask(proxy: Nginx, question: Question, agent: http.Agent | false = false): Promise<Answer> {
  const { path, method = 'GET', body, chunked = false } = question;
  const headers = body === undefined || chunked ? {} : { 'Content-Length': body.length };
  const answer = new Promise<Answer>((resolve, reject) => {
    const options = { socketPath: proxy.socketPath, path, method, headers, agent };
    const request = http.request(options, (response) => {
      const pieces: Buffer[] = [];
      response.on('data', (piece: Buffer) => pieces.push(piece));
      response.on('error', reject);
      response.on('end', () => {
        const { statusCode: status, headers: fields } = response;
        resolve({ status, port: fields['x-client-port'], body: Buffer.concat(pieces) });
      });
    });
    request.on('error', reject);
    request.end(body);
  });
  return soon(answer, `an answer to ${method} ${path}`, 60_000);
}

/** Every kind of request, checked. Gives back the ports. */
async function askAll(proxy: Nginx, turns: number, agent?: http.Agent): Promise<unknown[]> {
  const asked = Array.from({ length: turns }, async (_, n) => {
    if (n % 3 === 0) {
      const body = pattern(0, 40_000 + n);
      const method = n % 2 === 0 ? 'POST' : 'PUT';
      const answer = await ask(proxy, { path: '/hash', method, body, chunked: n % 4 === 0 }, agent);
      assert.equal(answer.status, 200);
      assert.deepEqual(JSON.parse(answer.body.toString()), told(method, body));
      return answer.port;
    }
    const path = `/${n % 3 === 1 ? 'bytes' : 'pieces'}/${n * 1000}`;
    const answer = await ask(proxy, { path }, agent);
    assert.equal(answer.status, 200);
    assert.deepEqual(answer.body, pattern(0, n * 1000), path);
    return answer.port;
  });
  return Promise.all(asked);
}

for (const [kind, serve] of Object.entries(KINDS)) {
  describe(`nginx and a ${kind} application`, () => {
    let served: Served;
    before(async () => {
      served = await serve();
    });

    test('as it is by default, HTTP/1.0 and a connection for each request', async (t) => {
      const proxy = await startNginx(t, { upstreamPort: served.port });
      const ports = await askAll(proxy, 60);
      assert.equal(new Set(ports).size, 60, 'a connection for each');
    });

    test('with kept connections, many requests go over few', async (t) => {
      const upstream = 'keepalive 4;';
      const proxy = await startNginx(t, { upstreamPort: served.port, upstream, location: KEPT });
      const agent = new http.Agent({ keepAlive: true, maxSockets: 4 });
      const ports = await askAll(proxy, 120, agent);
      agent.destroy();
      // Two processes of nginx, each with connections of its own.
      assert.ok(new Set(ports).size <= 16, `${new Set(ports).size} connections for 120 requests`);
    });

    test('with proxy_request_buffering off, bodies arrive whole while they come', async (t) => {
      const location = `${KEPT} proxy_request_buffering off;`;
      const proxy = await startNginx(t, { upstreamPort: served.port, location });
      for (const chunked of [false, true]) {
        const question = { path: '/hash', method: 'POST', body: LARGE, chunked };
        const { status, body } = await ask(proxy, question);
        assert.equal(status, 200);
        assert.deepEqual(JSON.parse(body.toString()), told('POST', LARGE));
      }
      await askAll(proxy, 30);
    });

    test('a body that is refused or not read is answered through it, too', async (t) => {
      const own = await serve('--limit-request-body', '100000');
      const location = `${KEPT} proxy_request_buffering off;`;
      const proxy = await startNginx(t, { upstreamPort: own.port, location });
      const large = { path: '/hash', method: 'POST', body: LARGE };
      assert.equal((await ask(proxy, large)).status, 413);
      const unread = { path: '/ignore', method: 'POST', body: pattern(0, 90_000) };
      assert.equal((await ask(proxy, unread)).body.toString(), 'ignored');
      await own.stop();
    });
  });

  test(`nginx keeps its connections for less time than a ${kind} server: no request meets a closing one`, async (t) => {
    const served = await serve('--keep-alive', '1');
    const upstream = 'keepalive 16; keepalive_timeout 300ms;';
    const proxy = await startNginx(t, { upstreamPort: served.port, upstream, location: KEPT });
    // Idle times around nginx's own limit: it gives up connections all the time, and we never first. POST, because nginx
    // repeats a GET that fails and so would hide it.
    const clients = Array.from({ length: 8 }, async (_, n) => {
      for (let turn = 0; turn < 10; turn++) {
        const body = pattern(0, 100 + n);
        const { status } = await ask(proxy, { path: '/hash', method: 'POST', body });
        assert.equal(status, 200, proxy.program.log());
        await sleep(200 + ((n * 131 + turn * 97) % 200));
      }
    });
    await Promise.all(clients);
    assert.doesNotMatch(proxy.program.log(), /upstream prematurely closed|reset by peer/);
    await served.stop();
  });

  test(`nginx with more clients than a ${kind} server has places: everybody is served`, async (t) => {
    const served = await serve('--worker-connections', '4');
    const upstream = 'keepalive 4; keepalive_timeout 300ms;';
    const proxy = await startNginx(t, { upstreamPort: served.port, upstream, location: KEPT });
    await askAll(proxy, 60);
    const old = await startNginx(t, { upstreamPort: served.port });
    await askAll(old, 40);
    await served.stop();
  });
}
