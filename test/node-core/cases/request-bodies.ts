// The request as a handler reads it: its body in every way, its members, its socket.

import { finished } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import {
  asking,
  type Case,
  chunks,
  hear,
  LAST_CHUNK,
  loose,
  type Peer,
  post,
  postChunked,
} from '../case.ts';

export const REQUEST_BODIES: readonly Case[] = [
  {
    name: 'body-pieces',
    core: ['request-end', 'client-upload', 'readable-data-event'],
    asks: 'data events, then end; a length and chunks alike',
    serve(req, res, note) {
      let text = '';
      req.setEncoding('utf8');
      req.on('data', (piece) => (text += piece));
      req.on('end', () => {
        note(`end ${text} ${req.complete} ${req.readableEnded}`);
        res.writeHead(200).end('hello world\n');
      });
    },
    play: asking(post('Post Body For Test'), postChunked(chunks('a', 'bc') + LAST_CHUNK)),
  },
  {
    name: 'body-iterated',
    core: [],
    asks: 'async iteration of the request, and leaving it early',
    async serve(req, res, note) {
      let text = '';
      for await (const piece of req) text += piece;
      note(`${text} ${req.destroyed}`);
      res.end(text);
    },
    play: asking(post('iterated')),
  },
  {
    name: 'body-readable',
    core: ['readable-data-event', 'response-readable'],
    asks: 'readable and read()',
    serve(req, res, note) {
      req.on('readable', () => {
        for (let piece = req.read(); piece !== null; piece = req.read()) note(`read ${piece}`);
      });
      req.on('end', () => res.end('read'));
    },
    play: asking(post('readable')),
  },
  {
    name: 'body-piped',
    core: ['pipe-fs', 'header-owstext'],
    asks: 'req.pipe(res) and stream.pipeline(req, res)',
    async serve(req, res, note) {
      await pipeline(req, res);
      note('piped');
    },
    ends: 'piped',
    play: asking(post('x'.repeat(100_000))),
  },
  {
    name: 'body-paused',
    core: ['pause', 'pause-resume-one-end'],
    asks: 'pause and resume',
    serve(req, res, note) {
      req.pause();
      setTimeout(() => {
        req.resume();
        req.setEncoding('utf8');
        let text = '';
        req.on('data', (piece) => (text += piece));
        req.on('end', () => {
          note(text);
          res.end('resumed');
        });
      }, 10);
    },
    play: asking(post('Request Body from Client')),
  },
  {
    name: 'complete-unread',
    core: ['request-end', 'multiple-headers'],
    asks: 'complete, and with it trailers: not yet while the handler is called, but soon, whether anybody reads the body or not',
    serve(req, res, note) {
      note(`${req.complete}`);
      setTimeout(() => {
        note(`${req.complete} ${req.readableEnded} ${JSON.stringify(req.trailers)}`);
        res.end();
      }, 20);
    },
    play: asking(
      {},
      post('unread'),
      post('x'.repeat(10_000)),
      postChunked(`${chunks('a', 'bc')}0\r\nx-checksum: 1\r\n\r\n`),
    ),
  },
  {
    name: 'complete-gone',
    core: ['aborted'],
    asks: 'a request that has come is complete when its client goes',
    serve(req, _res, note) {
      note('begun');
      req.on('error', () => {});
      req.on('close', () => note(`closed ${req.complete} ${req.aborted}`));
    },
    play: async (peer) => {
      await peer.ask({});
      await peer.noted('begun');
      peer.reset();
      await peer.noted('closed');
    },
  },
  {
    name: 'no-body',
    core: ['req-res-close', 'server-keepalive-end'],
    asks: 'a request without a body: complete, end without data',
    serve(req, res, note) {
      note(`${req.complete} ${req.readable} ${req.readableEnded} ${req.aborted} ${req.destroyed}`);
      hear(req, 'req', 'data end close', note);
      req.on('end', () => res.end('ended'));
    },
    ends: 'req close',
  },
  {
    name: 'members',
    core: ['server', 'test-set-incoming-message-header', 'incoming-message-connection-setter'],
    asks: 'url, method, headers and connection of a request can be written, as frameworks do',
    serve(req, res, note) {
      note(
        `${req.url} ${req.method} ${req.statusCode} ${req.statusMessage} ${loose(req)['upgrade'] ?? false}`,
      );
      req.url = '/rewritten';
      req.method = 'LOCK';
      req.headers['x-added'] = 'yes';
      req.headers = { ...req.headers, key: 'value' };
      req.trailers = { key: 'value' };
      note(JSON.stringify([req.url, req.method, req.headers, req.trailers]));
      note(`${res.req === req} ${res.req.url}`);
      res.end();
    },
  },
  {
    name: 'own-methods',
    core: [],
    asks: 'whoever lists the members of a request or response finds no methods',
    serve(req, res, note) {
      for (const each of [req, res]) {
        const methods = Object.entries(each).filter(([name, value]) => {
          return typeof value === 'function' && !name.startsWith('_');
        });
        note(methods.map(([name]) => name).join());
      }
      res.end();
    },
  },
  {
    name: 'socket-members',
    core: ['server', 'nodelay', 'keepalive-free'],
    asks: 'fields and methods of the socket that programs use',
    serve(req, res, note) {
      const { socket } = req;
      note(`${socket.remoteAddress} ${socket.remoteFamily} ${typeof socket.remotePort}`);
      note(`${socket.localAddress} ${typeof socket.localPort} ${socket.localFamily}`);
      const address = socket.address() as { address?: string; family?: string; port?: number };
      note(`${address.address} ${address.family} ${typeof address.port}`);
      note(`${socket.setNoDelay(true) === socket} ${socket.setKeepAlive(true, 1000) === socket}`);
      note(`${socket.ref() === socket} ${socket.unref() === socket} ${socket.readyState}`);
      note(
        `${socket.connecting} ${socket.pending} ${socket.destroyed} ${loose(socket)['encrypted']}`,
      );
      note(`${socket.writable} ${socket.readable} ${socket.allowHalfOpen} ${socket.timeout}`);
      note(`${typeof socket.bytesRead} ${socket.bytesRead > 0} ${socket.bytesWritten}`);
      note(`${typeof socket.bufferSize} ${loose(socket)['_httpMessage'] === res}`);
      note(`${typeof loose(socket)['server']}`);
      res.end();
    },
  },
  {
    name: 'listeners-of-nobody',
    core: ['socket-error-listeners', 'server-unconsume'],
    asks: 'a program may listen on the socket; what it hears is not the bytes of the request',
    serve(req, res, note) {
      hear(req.socket, 'socket', 'error timeout', note);
      req.socket.once('close', () => note('socket close'));
      res.end('ok');
    },
    async play(peer) {
      await peer.ask({ fields: ['Connection: close'] });
      await peer.read();
      await peer.closed();
    },
    ends: 'socket close',
  },
  {
    name: 'socket-close-heard',
    core: [],
    asks: 'a program that waits for the end of the socket, as on-finished of Express does, keeps the connection',
    serve(req, res, note) {
      req.socket.on('close', () => {});
      finished(req.socket, () => {});
      finished(req, () => note('over'));
      res.end('ok');
    },
    async play(peer) {
      for (let i = 0; i < 3; i++) {
        await peer.ask();
        await peer.read();
        await peer.noted('over');
      }
    },
    ends: 'over',
  },
  {
    name: 'host-ipv6',
    core: ['host-header-ipv6-fail', 'request-host-header', 'host-headers'],
    asks: 'Host as the client sent it; without one HTTP/1.1 is refused',
    serve(req, res, note) {
      note(String(req.headers.host));
      res.end();
    },
    async play(peer: Peer) {
      await peer.send('GET /host-ipv6 HTTP/1.1\r\nHost: [::1]:8080\r\n\r\n');
      await peer.read();
    },
  },
  {
    name: 'target-as-sent',
    core: ['server', 'invalid-urls', 'url.parse-search'],
    asks: 'req.url is the target as it was sent: encoded, with its query, absolute',
    serve(req, res, note) {
      note(req.url ?? '');
      res.end();
    },
    async play(peer) {
      await peer.send(
        'GET /target-as-sent?hello=world&foo=b==ar&x=%20%c3%a9 HTTP/1.1\r\nHost: x\r\n\r\n',
      );
      await peer.read();
    },
  },
  {
    name: 'many-fields',
    core: ['max-headers-count'],
    asks: 'up to 100 fields of a request are there (limit_request_fields)',
    serve(req, res, note) {
      note(`${Object.keys(req.headers).length} ${req.rawHeaders.length}`);
      res.end();
    },
    play: asking({
      fields: Array.from({ length: 90 }, (_, index) => `X-Key${index}: ${index}`),
    }),
  },
];
