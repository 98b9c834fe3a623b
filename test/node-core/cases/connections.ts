// What becomes of the connection after a response, and what a client hears that expects 100 Continue.

import { asking, type Case, hear, loose, post } from '../case.ts';

/** HTTP/1.0 that wants to be kept, answered with these fields. */
function oldKeepAlive(
  name: string,
  asks: string,
  fields: Record<string, string>,
  more: readonly string[] = [],
): Case {
  return {
    name,
    core: ['1.0-keep-alive', 'wget'],
    asks,
    serve(_req, res) {
      res.writeHead(200, fields);
      res.end('OK');
    },
    play: asking({ version: '1.0', fields: ['Connection: keep-alive', ...more] }),
  };
}

const EXPECT = 'Expect: 100-continue';

export const CONNECTIONS: readonly Case[] = [
  {
    ...oldKeepAlive('old-keep-alive', 'HTTP/1.0 keep-alive, body without length', {
      Connection: 'keep-alive',
    }),
    differs:
      'node:http adds no length to a response that begins with writeHead, so the connection closes; here the length is known when the response is ended at once, and the connection is kept',
  },
  oldKeepAlive('old-keep-alive-length', 'HTTP/1.0 keep-alive with a Content-Length: kept', {
    Connection: 'keep-alive',
    'Content-Length': '2',
  }),
  oldKeepAlive(
    'old-keep-alive-te',
    'HTTP/1.0 with TE: chunked is kept (node:http sends chunks, here a length)',
    { Connection: 'keep-alive' },
    ['TE: chunked'],
  ),
  {
    ...oldKeepAlive(
      'old-keep-alive-chunked',
      'HTTP/1.0 with Transfer-Encoding: chunked of the program is kept (likewise)',
      {
        Connection: 'keep-alive',
        'Transfer-Encoding': 'chunked',
      },
    ),
  },
  {
    name: 'old-keep-alive-pieces',
    core: ['wget'],
    asks: 'HTTP/1.0 keep-alive, written in pieces: the body ends with the connection',
    serve(_req, res) {
      res.writeHead(200, { 'Content-Type': 'text/plain' });
      res.write('hello ');
      setImmediate(() => res.end('world\n'));
    },
    play: asking({ version: '1.0', fields: ['Connection: Keep-Alive'] }),
  },
  {
    name: 'close-by-program',
    core: ['keep-alive-close-on-header'],
    asks: 'Connection: close of the program closes',
    serve(_req, res) {
      res.writeHead(200, { 'Content-Length': 6, Connection: 'close' });
      res.write('hello\n');
      res.end();
    },
  },
  {
    name: 'close-by-client',
    core: ['1.0', 'generic-streams', 'request-end'],
    asks: 'Connection: close of the client closes after the answer',
    serve(req, res) {
      req.resume().on('end', () => res.end('bye'));
    },
    play: asking(post('Hello, World!\n', ['Connection: close'])),
  },
  {
    name: 'should-not-keep-alive',
    core: ['server-keep-alive-defaults'],
    asks: 'res.shouldKeepAlive = false closes',
    serve(_req, res, note) {
      note(`${res.shouldKeepAlive}`);
      res.shouldKeepAlive = false;
      res.end('bye');
    },
  },
  {
    name: 'removed-and-not-kept',
    core: ['remove-connection-header-persists-connection'],
    asks: 'shouldKeepAlive = false closes also when the Connection field is removed',
    serve(_req, res) {
      res.removeHeader('connection');
      res.shouldKeepAlive = false;
      res.end('bye');
    },
  },
  {
    name: 'keep-alive-by-program',
    core: ['server-close-idle-wait-response', 'keep-alive-timeout-custom', 'content-length'],
    asks: 'Connection: keep-alive and Keep-Alive of the program: kept',
    serve(_req, res) {
      res.writeHead(204, { Connection: 'keep-alive', 'Keep-Alive': 'timeout=1' }).end();
    },
  },
  {
    name: 'upgrade-unanswered',
    core: ['upgrade-advertise'],
    asks: 'a request that offers an upgrade which nobody takes is a normal one',
    serve(req, res, note) {
      note(`${req.headers.upgrade} ${loose(req)['upgrade'] ?? false}`);
      res.end('regular');
    },
    play: asking({ fields: ['Connection: upgrade', 'Upgrade: h2c'] }),
  },
  {
    name: 'expect-read',
    core: ['expect-continue', 'write-callbacks'],
    asks: 'Expect: 100-continue: 100, then the body, then the answer',
    serve(req, res) {
      req.pipe(res);
    },
    async play(peer) {
      await peer.ask({ method: 'POST', fields: [EXPECT, 'Content-Length: 5'] });
      await peer.read();
      await peer.send('hello');
      await peer.read();
    },
  },
  {
    name: 'expect-answered-first',
    core: ['expect-continue'],
    asks: 'Expect: 100-continue that is answered without the body being read',
    differs:
      'node:http says 100 before the handler runs, unless there is a checkContinue listener; here it is said when the body is read, so that one that is not wanted is not sent',
    serve(_req, res) {
      res.writeHead(403).end('no');
    },
    play: asking({ method: 'POST', fields: [EXPECT, 'Content-Length: 5'] }),
  },
  {
    name: 'expect-written-by-hand',
    core: ['expect-continue', 'information-processing'],
    asks: 'writeContinue without Expect: the client hears nothing it did not ask for',
    differs: 'node:http sends it; here 100 goes only to a client that waits for it',
    serve(_req, res, note) {
      res.writeContinue(() => note('callback'));
      res.end('done');
    },
    ends: 'callback',
  },
  {
    name: 'expect-old',
    core: ['expect-continue'],
    asks: 'Expect in HTTP/1.0 means nothing',
    serve(req, res, note) {
      hear(req, 'req', 'end', note);
      req.pipe(res);
    },
    play: asking({
      version: '1.0',
      method: 'POST',
      fields: [EXPECT, 'Content-Length: 5'],
      body: 'hello',
    }),
  },
];
