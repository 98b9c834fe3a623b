// What reaches the client of whatever an application answers, in HTTP's own terms, for a WSGI and a Node.js application
// alike: framing, bodies where there may be none, fields that are not the application's, and nothing that splits a head.

import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import {
  eventually,
  fieldOf,
  fieldsOf,
  type RawClient,
  type RawResponse,
  type Served,
  serveNode,
  serveWsgi,
} from './serving.ts';

interface Answer {
  readonly status?: string;
  readonly fields?: readonly string[];
  readonly pieces?: readonly string[];
  /** The application gives the body in one, so that its length is known. */
  readonly whole?: boolean;
  readonly hint?: boolean;
}

/** A request that is answered so. Everything but letters is percent-encoded, bytes as latin-1. */
function asking({ status, fields = [], pieces = [], whole, hint }: Answer, method = 'GET'): string {
  const parts = [
    ...(status === undefined ? [] : [`status=${encoded(status)}`]),
    ...fields.map((field) => `field=${encoded(field)}`),
    ...pieces.map((piece) => `piece=${encoded(piece)}`),
    ...(whole ? ['whole='] : []),
    ...(hint ? ['hint='] : []),
  ];
  return `${method} /?${parts.join('&')} HTTP/1.1\r\nHost: x\r\n\r\n`;
}

function encoded(text: string): string {
  return [...Buffer.from(text, 'latin1')]
    .map((byte) => `%${byte.toString(16).padStart(2, '0')}`)
    .join('');
}

async function answerTo(client: RawClient, answer: Answer, method = 'GET'): Promise<RawResponse> {
  await client.send(asking(answer, method));
  return client.readResponse({ toHead: method === 'HEAD' });
}

async function goesOn(client: RawClient): Promise<void> {
  const next = await answerTo(client, { pieces: ['next'], whole: true });
  assert.equal(next.body.toString(), 'next', 'the connection goes on');
}

const SERVERS = {
  'a WSGI application': () => serveWsgi('answer_by_query:app', ['--threads', '2']),
  'a Node.js application': () => serveNode('answer-by-query.mjs', ['--threads', '2']),
};

/** Of wsgiref's list, those that Node.js leaves to applications. */
const PROXY_HOPS = ['Proxy-Authenticate: Basic', 'Proxy-Authorization: x', 'Trailers: x'];

for (const [kind, serve] of Object.entries(SERVERS)) {
  describe(`the responses of ${kind}`, () => {
    let server: Served;
    before(async () => {
      server = await serve();
    });

    for (const [what, answer] of Object.entries({
      'CR LF and a field in a value': { fields: ['X-A: b\r\nX-Evil: 1'] },
      'LF in a value': { fields: ['X-A: b\nX-Evil: 1'] },
      'CR in a value': { fields: ['X-A: b\rX-Evil: 1'] },
      'NUL in a value': { fields: ['X-A: b\0'] },
      'CR LF at the end of a value': { fields: ['X-A: b\r\n'] },
      'a line end in the reason': { status: '200 OK\r\nX-Evil: 1' },
      'a line end in a name': { fields: ['X-A\r\nX-Evil: 1'] },
      'a blank in a name': { fields: ['X A: b'] },
    })) {
      test(`${what} never reach the wire: 500, and a line in the log`, async () => {
        const client = await server.connect();
        const logged = server.log().length;
        const reply = await answerTo(client, { ...answer, pieces: ['hidden'], whole: true });
        assert.equal(reply.status, 500);
        assert.doesNotMatch(reply.raw.toString('latin1'), /evil|hidden|X-A/i);
        // Node.js's own classes throw into the application.
        const code = kind === 'a WSGI application' ? /bad-response/ : /app-raised|bad-response/;
        await eventually(() => code.test(server.log().slice(logged)));
        await goesOn(client);
      });
    }

    test('a body longer than its Content-Length is cut to it, and the connection goes on', async () => {
      const client = await server.connect();
      for (const whole of [true, false]) {
        const fields = ['Content-Length: 5'];
        const reply = await answerTo(client, { fields, pieces: ['fix', 'ed and more'], whole });
        assert.equal(reply.body.toString(), 'fixed');
      }
      await goesOn(client);
    });

    test('a body shorter than its Content-Length ends with the connection', async () => {
      for (const whole of [true, false]) {
        const client = await server.connect();
        const fields = ['Content-Length: 50'];
        await assert.rejects(answerTo(client, { fields, pieces: ['less', ' than'], whole }));
        await client.waitClosed();
      }
    });

    test('a body without a length is chunked for HTTP/1.1, and for HTTP/1.0 ends with the connection', async () => {
      const client = await server.connect();
      const modern = await answerTo(client, { pieces: ['one ', 'two'] });
      assert.deepEqual([modern.framing, modern.body.toString()], ['chunked', 'one two']);
      const old = asking({ pieces: ['one ', 'two'] }).replace('HTTP/1.1', 'HTTP/1.0');
      await client.send(old.replace('Host: x', 'Connection: keep-alive'));
      const reply = await client.readResponse();
      assert.deepEqual([reply.framing, reply.body.toString()], ['close', 'one two']);
      assert.equal(fieldOf(reply, 'connection'), 'close', 'whatever the client asked for');
      await client.waitClosed();
    });

    test('a connection that the application closes is no trap for a client that has sent its next request', async () => {
      const client = await server.connect();
      const fields = ['Connection: close'];
      const reply = await answerTo(client, { fields, pieces: ['last'], whole: true });
      assert.deepEqual([reply.body.toString(), fieldOf(reply, 'connection')], ['last', 'close']);
      await client.send(asking({ pieces: ['never'] }).repeat(1000));
      assert.equal(await client.waitClosed(), 'end', 'a reset could take the answer away');
      assert.equal(client.unread().length, 0);
    });

    test('HEAD, 204 and 304 carry no body, whatever the application gives', async () => {
      const client = await server.connect();
      for (const whole of [true, false]) {
        await answerTo(client, { pieces: ['a body'], whole }, 'HEAD');
        for (const status of ['204 No Content', '304 Not Modified']) {
          const reply = await answerTo(client, { status, pieces: ['a body'], whole });
          assert.equal(reply.status, Number.parseInt(status, 10));
          assert.equal(fieldOf(reply, 'transfer-encoding'), null);
        }
      }
      const fields = ['Content-Length: 6'];
      const empty = await answerTo(client, { status: '204 No Content', fields });
      assert.equal(fieldOf(empty, 'content-length'), null, 'RFC 9110, 8.6: no length on 204');
      const head = await answerTo(client, { fields }, 'HEAD');
      assert.equal(fieldOf(head, 'content-length'), '6', 'HEAD tells the length of GET');
      await goesOn(client);
    });

    test('205 has a length of 0, whatever the application gives', async () => {
      const client = await server.connect();
      for (const whole of [true, false]) {
        const answer = { status: '205 Reset Content', pieces: ['a ', 'body'], whole };
        for (const fields of [[], ['Content-Length: 6']]) {
          const reply = await answerTo(client, { ...answer, fields });
          assert.deepEqual([reply.status, fieldOf(reply, 'content-length')], [205, '0']);
        }
      }
      await goesOn(client);
    });

    test('101 goes only to a client that offered a protocol', async () => {
      const client = await server.connect();
      const fields = ['Upgrade: websocket'];
      const answer = { status: '101 Switching Protocols', fields };
      assert.equal((await answerTo(client, answer)).status, 500);
      await goesOn(client);
    });

    test('hop-by-hop fields of the application do not reach the client', async () => {
      const client = await server.connect();
      const hops = [
        'Keep-Alive: timeout=99',
        'Proxy-Connection: x',
        'TE: trailers',
        // An application of Node.js may be a proxy.
        ...(kind === 'a WSGI application' ? PROXY_HOPS : []),
        'Upgrade: h2c',
      ];
      const fields = ['Connection: x-a', ...hops, 'X-Kept: yes'];
      const reply = await answerTo(client, { fields, pieces: ['hop'], whole: true });
      for (const line of [...hops, 'Connection:']) {
        const name = line.slice(0, line.indexOf(':')).toLowerCase();
        assert.deepEqual(fieldsOf(reply, name), [], name);
      }
      assert.equal(fieldOf(reply, 'x-kept'), 'yes');
      // Node.js applications may set them: node:http itself does.
      if (kind === 'a WSGI application') {
        const line =
          /\[\d+\] \[WARNING\] .* header Trailers\. PEP 3333 .* not sent\. \(hop-by-hop-field\)/;
        await eventually(() => line.test(server.log()));
      }
      assert.equal(reply.body.toString(), 'hop');
      await goesOn(client);
    });

    test('Transfer-Encoding of the application does not frame what goes out', async () => {
      const client = await server.connect();
      for (const coding of ['chunked', 'gzip, chunked']) {
        for (const whole of [true, false]) {
          const fields = [`Transfer-Encoding: ${coding}`];
          const reply = await answerTo(client, { fields, pieces: ['ho', 'p'], whole });
          assert.equal(reply.body.toString(), 'hop');
          assert.doesNotMatch(fieldOf(reply, 'transfer-encoding') ?? '', /gzip/);
        }
      }
      await goesOn(client);
    });

    test('an interim response comes before the final one in HTTP/1.1, and not at all in HTTP/1.0', async () => {
      const client = await server.connect();
      const asked: Answer = { hint: true, pieces: ['hinted'], whole: true };
      const hint = await answerTo(client, asked);
      assert.deepEqual([hint.status, fieldOf(hint, 'link')], [103, '</a.css>; rel=preload']);
      assert.equal((await client.readResponse()).body.toString(), 'hinted');
      await client.send(asking(asked).replace('HTTP/1.1', 'HTTP/1.0'));
      assert.equal((await client.readResponse()).status, 200);
    });

    test('an interim status is no final one', async () => {
      const client = await server.connect();
      const reply = await answerTo(client, {
        status: '102 Processing',
        pieces: ['x'],
        whole: true,
      });
      assert.equal(reply.status, 500);
      await goesOn(client);
    });

    test('Date and Server stand once on every response, also on those of the server', async () => {
      const client = await server.connect();
      const statuses = ['200 OK', '204 No Content', '304 Not Modified', '404 Not Found'];
      const replies: RawResponse[] = [];
      for (const status of statuses) replies.push(await answerTo(client, { status, whole: true }));
      replies.push(await answerTo(client, { fields: ['X-A: \n'] }));
      await client.send('GET /nonsense\r\n\r\n');
      replies.push(await client.readResponse());
      assert.deepEqual(
        replies.map(({ status }) => status),
        [200, 204, 304, 404, 500, 400],
      );
      for (const reply of replies) {
        // RFC 9110, 5.6.7: IMF-fixdate.
        assert.match(fieldOf(reply, 'date') ?? '', /^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT$/);
        assert.deepEqual(fieldsOf(reply, 'server'), ['tunicorn']);
      }
    });
  });
}
