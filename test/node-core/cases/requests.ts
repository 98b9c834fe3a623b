// The request as a handler finds it: version, fields, body, trailers, socket.

import { METHODS } from 'node:http';
import { asking, type Case, chunks, post, postChunked } from '../case.ts';

const ALLOWED = [
  'Accept',
  'Accept-Charset',
  'Accept-Encoding',
  'Accept-Language',
  'Cookie',
  'DAV',
  'Pragma',
  'Link',
  'WWW-Authenticate',
  'Proxy-Authenticate',
  'Sec-Websocket-Extensions',
  'Via',
  'X-Forwarded-For',
  'Some-Random-Header',
  'constructor',
  'Set-Cookie',
];
const FORBIDDEN = [
  'User-Agent',
  'Referer',
  'Authorization',
  'Proxy-Authorization',
  'If-Modified-Since',
  'If-Unmodified-Since',
  'From',
  'Location',
  'Max-Forwards',
  'Age',
  'Expires',
  'Server',
  'ETag',
];
const TWICE = [...ALLOWED, ...FORBIDDEN].flatMap((name) => [
  `${name}: foo`,
  `${name.toUpperCase()}: bar`,
]);
const LIKE_A_REQUEST = post('PUT / HTTP/1.1\r\n\r\n');

export const REQUESTS: readonly Case[] = [
  {
    name: 'version-1.0',
    core: ['1.0', 'request-methods'],
    asks: 'HTTP/1.0: its version, a body that ends with the connection',
    serve(req, res, note) {
      note(`${req.httpVersion} ${req.httpVersionMajor} ${req.httpVersionMinor}`);
      note(`${res.useChunkedEncodingByDefault} ${res.shouldKeepAlive}`);
      res.writeHead(200, { 'Content-Type': 'text/plain' });
      res.write('Hello, ');
      res.write('world!');
      res.end();
    },
    play: asking({ version: '1.0' }),
  },
  {
    name: 'methods',
    core: ['methods', 'request-methods', 'request-method-delete-payload'],
    asks: 'every method but CONNECT reaches the handler',
    serve(req, res, note) {
      note(req.method ?? '');
      res.end();
    },
    play: asking(...METHODS.filter((each) => each !== 'CONNECT').map((method) => ({ method }))),
  },
  {
    name: 'delete-with-body',
    core: ['request-method-delete-payload', 'methods'],
    asks: 'DELETE and GET with a body; what looks like a request in it is none',
    serve(req, res) {
      res.setHeader('X-Method', req.method ?? '');
      req.pipe(res);
    },
    play: asking({ ...LIKE_A_REQUEST, method: 'DELETE' }, { ...LIKE_A_REQUEST, method: 'GET' }),
  },
  {
    name: 'repeated-fields',
    core: ['server-multiheaders', 'server-multiheaders2', 'incoming-matchKnownFields', 'same-map'],
    asks: 'fields that repeat: joined, or the first one, as node:http decides for each name',
    serve(req, res, note) {
      note(JSON.stringify(Object.entries(req.headers).sort()));
      note(JSON.stringify(req.rawHeaders));
      note(JSON.stringify(Object.entries(req.headersDistinct).sort()));
      res.end('EOF');
    },
    play: asking({ fields: [...TWICE, 'X-Bar: banjo', 'x-bar: bango'] }),
  },
  {
    name: 'repeated-content-type',
    core: ['server-multiheaders2'],
    asks: 'Content-Type twice',
    differs:
      'node:http takes the first; here the request is refused with 400, because who reads the body may take the other one',
    serve(_req, res) {
      res.end();
    },
    play: asking({ fields: ['Content-Type: text/plain', 'Content-Type: text/html'] }),
  },
  {
    name: 'blank-field',
    core: ['blank-header', 'header-owstext'],
    asks: 'empty values and white space around values',
    serve(req, res, note) {
      note(JSON.stringify([req.headers, req.rawHeaders]));
      res.end();
    },
    play: asking({
      fields: ['Cookie:', 'Origin: \t http://example.org \t', 'X-In:  a\tb ', 'X-Only:  \t '],
    }),
  },
  {
    name: 'raw-spelling',
    core: ['raw-headers', 'multiple-headers'],
    asks: 'rawHeaders, trailers, rawTrailers and trailersDistinct of a chunked request, in their spelling',
    serve(req, res, note) {
      note(JSON.stringify([req.rawHeaders, req.headers, req.trailers, req.rawTrailers]));
      req.resume();
      req.on('end', () => {
        note(JSON.stringify([req.rawTrailers, req.trailers, req.trailersDistinct]));
        note(`${req.complete}`);
        res.end('x f o o');
      });
    },
    play: asking({
      method: 'POST',
      fields: ['transfer-ENCODING: CHUNKED', 'x-BaR: yoyoyo', 'Trailer: x-bar'],
      body: `${chunks('y b a r')}0\r\nx-bAr: yOyOyOy\r\nx-baR: OyOyOyO\r\nX-Other: zzz; www\r\n\r\n`,
    }),
  },
  {
    name: 'trailers-later',
    core: ['raw-headers'],
    asks: 'trailers that arrive long after the head',
    serve(req, res, note) {
      let text = '';
      req.on('data', (piece) => {
        text += piece;
        note(`data ${text}`);
      });
      req.on('end', () => res.end(JSON.stringify([text, req.trailers])));
    },
    async play(peer) {
      await peer.ask(postChunked(chunks('abc')));
      await peer.noted('data abc');
      await peer.send('0\r\nX-Sum: 3\r\n\r\n');
      await peer.read();
    },
  },
  {
    name: 'trailers-large-body',
    core: ['raw-headers'],
    asks: 'trailers behind a body of many pieces that is read slowly',
    async serve(req, res) {
      let bytes = 0;
      for await (const piece of req) {
        bytes += (piece as Buffer).length;
        await new Promise(setImmediate);
      }
      res.end(JSON.stringify([bytes, req.rawTrailers]));
    },
    play: asking(
      postChunked(`${chunks('x'.repeat(300_000), 'y'.repeat(300_000))}0\r\nX-Sum: 1\r\n\r\n`),
    ),
  },
];
