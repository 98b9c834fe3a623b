// Heads that are special: 1xx before them, HEAD, 204 and 304, trailers behind them, and members of a response from old times.

import { asking, type Case, hear, loose, type Play, said, thrown } from '../case.ts';

const asksHead = asking({ method: 'HEAD' });

/** So many answers to one request, all but the last one 1xx. */
function answered(times: number): Play {
  return async (peer) => {
    await peer.ask();
    for (let answers = 0; answers < times; answers++) await peer.read();
  };
}

export const SPECIAL_HEADS: readonly Case[] = [
  {
    name: 'early-hints',
    core: ['early-hints', 'early-hints-invalid-argument'],
    asks: 'writeEarlyHints: a link, several, other fields; none without link; invalid ones are refused',
    serve(_req, res, note) {
      const hints = (value: unknown) => thrown(() => res.writeEarlyHints(value as never));
      note(hints('bad argument type'));
      note(hints({ link: '</>; ' }));
      note(hints({ link: 'rel=preload; </scripts.js>' }));
      note(hints({ link: 'invalid string' }));
      note(hints({}));
      note(hints({ link: [] }));
      note(hints({ link: '</styles.css>; rel=preload; as=style' }));
      note(
        hints({
          link: ['</a.css>; rel=preload; as=style', '</b.js>; rel=preload'],
          'x-trace-id': 'id',
        }),
      );
      res.writeEarlyHints({ link: '</c>; rel=preload' }, () => note('callback'));
      res.end('response content\n');
    },
    ends: 'callback',
    play: answered(4),
  },
  {
    name: 'processing',
    core: ['information-processing'],
    asks: 'writeProcessing sends 102, as often as it is called, before the head',
    serve(_req, res) {
      res.writeProcessing();
      res.writeProcessing();
      res.writeHead(200, { 'Content-Type': 'text/plain', ABCD: '1' }).end('other stuff!\n');
    },
    play: answered(3),
  },
  {
    name: 'raw-interim',
    core: ['information-headers'],
    asks: 'a 1xx in pieces through the private _writeRaw',
    serve(_req, res, note) {
      const raw = loose(res)['_writeRaw'] as (text: string, done?: () => void) => boolean;
      raw.call(res, 'HTTP/1.1 102 Processing\r\n');
      raw.call(res, 'Foo: Bar\r\n');
      raw.call(res, '\r\n', () => note('written'));
      res.writeHead(200, { ABCD: '1' }).end('other stuff!\n');
    },
    ends: 'written',
    play: answered(2),
  },
  {
    name: 'head-end',
    core: [
      'head-response-has-no-body-end-implicit-headers',
      'head-response-has-no-body-end',
      'head-throw-on-response-body-write',
    ],
    asks: 'HEAD: what end() is given does not go out',
    serve(_req, res) {
      res.end('FAIL');
    },
    play: asksHead,
  },
  {
    name: 'head-write-head',
    core: ['head-response-has-no-body'],
    asks: 'HEAD after writeHead: no last chunk',
    serve(_req, res, note) {
      res.writeHead(200);
      note(`${res.write('x', () => note('written'))}`);
      res.end();
    },
    ends: 'written',
    play: asksHead,
  },
  {
    name: 'head-length',
    core: ['head-request'],
    asks: 'HEAD keeps a Content-Length of the program',
    serve(_req, res) {
      res.writeHead(200, { 'Content-Length': 11 }).end();
    },
    play: asksHead,
  },
  {
    name: 'head-chunked',
    core: ['head-request'],
    asks: 'HEAD with Transfer-Encoding of the program',
    serve(_req, res) {
      res.writeHead(200, { 'Transfer-Encoding': 'chunked' }).end();
    },
    play: asksHead,
  },
  {
    name: 'no-content',
    core: ['allow-req-after-204-res', 'head-throw-on-response-body-write'],
    asks: '204 has no body, whatever is written; the connection is kept',
    serve(_req, res, note) {
      res.writeHead(204);
      note(`${res.write('this is content', () => note('written'))}`);
      res.end('more');
    },
    ends: 'written',
  },
  {
    name: 'not-modified',
    core: ['allow-content-length-304'],
    asks: '304 keeps its Content-Length and has no body',
    serve(_req, res) {
      res.setHeader('Content-Length', 11);
      res.statusCode = 304;
      res.end(null);
    },
  },
  {
    name: 'not-modified-chunked',
    core: ['chunked-304'],
    asks: 'no empty chunk after 304 and 204 with Transfer-Encoding: chunked; the connection closes',
    serve(_req, res) {
      res.writeHead(304, { 'Transfer-Encoding': 'chunked' }).end();
    },
  },
  {
    name: 'own-chunked',
    core: ['raw-headers', 'mutable-headers'],
    asks: 'Transfer-Encoding: chunked set by the program: framed once',
    serve(_req, res) {
      res.setHeader('transfer-encoding', 'chunked').end('plain');
    },
  },
  {
    name: 'trailers',
    core: ['raw-headers', 'set-trailers', 'multiple-headers'],
    asks: 'trailers follow a chunked body, several of a name, in their spelling',
    serve(_req, res, note) {
      res.setHeader('Trailer', 'x-foo');
      res.addTrailers([
        ['x-fOo', 'xOxOxOx'],
        ['x-foO', 'OxOxOxO'],
        ['X-fOo', 'xOxOxOx'],
      ] as never);
      note(thrown(() => res.addTrailers({ 'a b': 'value' })));
      note(thrown(() => res.addTrailers({ 404: '\u3042' } as never)));
      res.addTrailers({ 'x-Foo': 'bar', 'X-Bar': 'baz' });
      res.end('x f o o');
    },
  },
  {
    name: 'trailers-1.0',
    core: ['set-trailers'],
    asks: 'HTTP/1.0 gets no trailers',
    serve(_req, res) {
      res.writeHead(200, [['content-type', 'text/plain']] as never);
      res.addTrailers({ 'x-foo': 'bar' });
      res.end('stuff\n');
    },
    play: asking({ version: '1.0' }),
  },
  {
    name: 'deprecated-members',
    core: ['outgoing-renderHeaders', 'outgoing-internal-headers', 'outgoing-properties'],
    asks: 'members from old times: _headers, finished, connection, writeHeader, statusMessage',
    serve(_req, res, note) {
      const old = loose(res);
      note(
        JSON.stringify([old['finished'], res.connection === res.socket, res.statusMessage ?? null]),
      );
      note(`${old['writeHeader'] !== undefined} ${res.writableObjectMode} ${res.shouldKeepAlive}`);
      res.setHeader('Host', 'a').setHeader('Origin', 'b');
      note(JSON.stringify((old['_renderHeaders'] as () => unknown).call(res)));
      res.end();
      note(`${old['finished']} ${res.statusMessage}`);
    },
  },
  {
    name: 'assign-socket',
    core: ['server-response-standalone'],
    asks: 'the response has its socket from the start: a second one is refused',
    serve(_req, res, note) {
      const socket = res.socket;
      note(thrown(() => res.assignSocket(socket as never)));
      note(`${loose(socket ?? {})['_httpMessage'] === res}`);
      hear(res, 'res', 'finish close', note);
      res.end('x');
    },
    ends: 'res close',
  },
  {
    name: 'pipe-from-response',
    core: ['test-outgoing-message-pipe'],
    asks: 'nothing can be piped from a response',
    serve(_req, res, note) {
      res.on('error', (error) => note(said(error)));
      res.pipe(process.stdout);
      res.end('x');
    },
  },
];
