// The head of a response: status, reason, fields, and what is refused.

import { asking, type Case, loose, thrown } from '../case.ts';

const COOKIES = ['a=; path=/', 'b=; path=/; expires=Thu, 01-Jan-1970 00:00:00 GMT'];

export const HEADS: readonly Case[] = [
  {
    name: 'write-head',
    core: [
      'write-head',
      'header-validators',
      'response-add-header-after-sent',
      'response-remove-header-after-sent',
    ],
    asks: 'setHeader and writeHead refuse what is no name or value, and anything once the head is made',
    serve(_req, res, note) {
      res.setHeader('test', '1');
      note(thrown(() => res.setHeader(0xf00 as never, 'bar')));
      note(thrown(() => res.setHeader('foo', undefined as never)));
      note(thrown(() => res.setHeader('a b', '1')));
      note(thrown(() => res.setHeader('foo', 'a\u0301')));
      note(thrown(() => res.writeHead(200, ['invalid', 'headers', 'args'])));
      res.writeHead(200, { Test: '2' });
      note(thrown(() => res.writeHead(100, {})));
      note(thrown(() => res.setHeader('late', '1')));
      note(thrown(() => res.appendHeader('late', '1')));
      note(thrown(() => res.removeHeader('test')));
      note(thrown(() => (loose(res)['_renderHeaders'] as () => unknown).call(res)));
      note(`${res.headersSent} ${res.statusCode} ${res.getHeader('TEST')}`);
      res.end();
    },
  },
  {
    name: 'write-head-array',
    core: ['write-head-2'],
    asks: 'writeHead takes a flat list, which replaces what setHeader said',
    serve(_req, res) {
      res.setHeader('test', '1');
      res.writeHead(200, ['test', '2', 'test2', '2', 'test2', '3']).end();
    },
  },
  {
    name: 'write-head-array-alone',
    core: ['write-head-2', 'response-writehead-returns-this'],
    asks: 'a flat list alone keeps its order and what repeats; writeHead returns the response',
    serve(_req, res) {
      res.writeHead(200, undefined, ['foo', 'bar', 'Foo', 'baz', 'X-Last', '1']).end('abc');
    },
  },
  {
    name: 'write-head-pairs',
    core: ['set-cookies'],
    asks: 'writeHead takes pairs; set-cookie may repeat',
    serve(_req, res) {
      const pairs = [
        ['set-cookie', 'A'],
        ['set-cookie', 'B'],
        ['content-type', 'text/plain'],
      ];
      res.writeHead(200, pairs as never);
      res.end('two\n');
    },
  },
  {
    name: 'status-refused',
    core: ['response-statuscode'],
    asks: 'a status that is none is refused, in node:http’s words',
    serve(_req, res, note) {
      const none = [
        -1,
        Infinity,
        NaN,
        {},
        99,
        1000,
        '1000',
        null,
        true,
        [],
        'no',
        '404 no',
        undefined,
      ];
      for (const status of none) note(thrown(() => res.writeHead(status as never)));
      res.statusCode = 200;
      res.end();
    },
  },
  {
    name: 'status-set',
    core: ['status-code', 'status-message'],
    asks: 'status and reason set on the response reach the client; writeHead wins',
    serve(_req, res, note) {
      res.statusCode = 404;
      res.statusMessage = 'Custom Message';
      res.writeHead(451);
      note(`${res.statusCode} ${res.statusMessage}`);
      res.end('hello world\n');
    },
  },
  {
    name: 'status-unknown',
    core: [],
    asks: 'a status nobody knows has the reason "unknown"',
    serve(_req, res) {
      res.statusCode = 299;
      res.end();
    },
  },
  {
    name: 'reason-refused',
    core: ['status-reason-invalid-chars'],
    asks: 'a reason with a line end is refused',
    serve(_req, res, note) {
      note(thrown(() => res.writeHead(200, 'OK\r\nContent-Type: text/html\r\n')));
      note(thrown(() => res.writeHead(200, 'OK\u010D\u010AContent-Type: gotcha\r\n')));
      res.statusMessage = 'OK\r\nX: y';
      note(thrown(() => res.writeHead(200)));
      res.statusMessage = 'OK';
      res.end();
    },
  },
  {
    name: 'order-and-case',
    core: ['mutable-headers', 'set-header-chain', 'header-read'],
    asks: 'fields keep the order and spelling of the program; getters tell them, before and after the head',
    serve(_req, res, note) {
      note(JSON.stringify([res.getHeaders(), res.getHeaderNames(), res.hasHeader('Connection')]));
      for (const name of [undefined, null, true, {}, () => undefined]) {
        note(thrown(() => res.hasHeader(name as never)));
      }
      note(thrown(() => res.getHeader(undefined as never)));
      note(thrown(() => res.removeHeader(undefined as never)));
      const chained = res.setHeader('x-Test', 'testing').setHeader('X-TEST-2', 'gone');
      note(`${chained === res}`);
      res.setHeader('set-cookie', COOKIES).setHeader('x-numbers', [1, 2, 3] as never);
      res.setHeader('X-Number', 7);
      res.removeHeader('x-test-2');
      note(
        JSON.stringify([
          res.getHeaders(),
          res.getHeaderNames(),
          loose(res)['getRawHeaderNames'] !== undefined,
        ]),
      );
      note(`${Object.getPrototypeOf(res.getHeaders())}`);
      res.end('hello');
      note(JSON.stringify([res.getHeader('X-test'), res.getHeaderNames(), res.headersSent]));
    },
  },
  {
    name: 'multiple-headers',
    core: ['multiple-headers', 'response-multiheaders'],
    asks: 'values in lists become fields of their own, appended ones too; cookie is joined',
    serve(_req, res, note) {
      res.setHeader('X-Res-a', 'AAA');
      res.appendHeader('x-res-a', ['BBB', 'CCC']);
      res.setHeader('X-Res-b', ['DDD', 'EEE']);
      res.appendHeader('x-res-b', ['FFF', 'GGG']);
      res.setHeader('cookie', ['a=1', 'b=2']);
      res.setHeader('etag', ['A', 'B']);
      res.removeHeader('date');
      res.writeHead(200, { 'x-res-c': ['HHH', 'III'], 'x-res-d': ['JJJ', 'KKK', 'LLL'] });
      res.addTrailers({ 'x-res-x': ['one', 'two'] as never, 'X-Res-Y': 'ZZZ' });
      res.write('BODY');
      res.end();
      note(JSON.stringify([res.getHeaders(), res.getHeaderNames()]));
      note(JSON.stringify((loose(res)['getRawHeaderNames'] as () => unknown).call(res)));
    },
  },
  {
    name: 'automatic-headers',
    core: ['automatic-headers', 'date-header'],
    asks: 'names that only look like the automatic ones do not take their place',
    serve(_req, res) {
      res.setHeader('X-Date', 'foo').setHeader('X-Connection', 'bar');
      res.setHeader('X-Content-Length', 'baz').end();
    },
  },
  {
    name: 'own-date',
    core: ['remove-header-stays-removed'],
    asks: 'a Date of the program takes the place of the automatic one',
    serve(_req, res) {
      res.removeHeader('date');
      res.setHeader('date', 'coffee o clock').end('beep');
    },
  },
  {
    name: 'no-date',
    core: ['1.0', 'content-length'],
    asks: 'sendDate = false leaves Date out',
    serve(_req, res) {
      res.sendDate = false;
      res.end('x');
    },
  },
  {
    name: 'removed-framing',
    core: ['remove-header-stays-removed'],
    asks: 'Content-Length and Transfer-Encoding are removed',
    differs:
      'node:http ends the body with the connection; here the server frames the body, whatever the program removes, and the connection is kept',
    serve(_req, res) {
      res.removeHeader('connection');
      res.removeHeader('transfer-encoding');
      res.removeHeader('content-length');
      res.end('beep boop\n');
    },
  },
  {
    name: 'removed-connection',
    core: ['remove-connection-header-persists-connection'],
    asks: 'a removed Connection field keeps the connection',
    serve(_req, res) {
      res.removeHeader('connection');
      res.end('beep boop\n');
    },
  },
  {
    name: 'several-lengths',
    core: ['response-multi-content-length'],
    asks: 'two Content-Length values',
    differs:
      'node:http sends both, which clients refuse; here the client gets 500 and the log says why',
    serve(_req, res) {
      res.setHeader('content-length', [2, 1] as never).end('k');
    },
  },
  {
    name: 'set-headers',
    core: ['response-setheaders'],
    asks: 'setHeaders takes Headers and Map, with several cookies, and nothing else',
    serve(_req, res, note) {
      for (const wrong of [['foo', '1'], { foo: '1' }, null, undefined, 'test', 1]) {
        note(thrown(() => res.setHeaders(wrong as never)));
      }
      const cookies = new Headers({ foo: '1' });
      cookies.append('Set-Cookie', 'a=b');
      cookies.append('Set-Cookie', 'c=d');
      res.setHeaders(cookies);
      res.setHeaders(new Map([['bar', '2']]));
      res.writeHead(200, ['foo', '3']);
      note(thrown(() => res.setHeaders(cookies)));
      res.end();
    },
  },
  {
    name: 'response-splitting',
    core: ['response-splitting', 'invalidheaderfield', 'invalidheaderfield2'],
    asks: 'characters that would become a line end as bytes are refused',
    serve(_req, res, note) {
      const evil = 'foo\u0d0aSet-Cookie: foo=bar\u0d0a\u0d0a<script>';
      note(thrown(() => res.writeHead(302, { Location: '/foo?lang=bar\u010d\u010aX: y' })));
      note(thrown(() => res.writeHead(200, { foo: evil })));
      note(thrown(() => res.writeHead(200, { foo: 'foo\u280aSet-Cookie: foo=bar' })));
      res.setHeader('testing_123', 123);
      note(thrown(() => res.setHeader('testing 123', 123)));
      res.end('ok');
    },
  },
  {
    name: 'content-disposition',
    core: ['server-non-utf8-header'],
    asks: 'a Content-Disposition beside a length keeps its bytes',
    serve(_req, res) {
      const name = Buffer.from('bår').toString('binary');
      res.writeHead(200, ['Content-Length', '5', 'content-disposition', name]);
      res.end('hello');
    },
  },
  {
    name: 'obs-text',
    core: ['header-obstext', 'server-non-utf8-header'],
    asks: 'latin-1 in fields goes both ways unchanged',
    serve(req, res, note) {
      note(String(req.headers['test']));
      res.setHeader('Test', 'Düsseldorf').end('ok');
    },
    play: asking({ fields: ['Test: D\u00fcsseldorf'] }),
  },
  {
    name: 'length-with-space',
    core: ['contentLength0'],
    asks: 'Content-Length: "0 "',
    serve(_req, res) {
      res.writeHead(200, { 'Content-Length': '0 ' }).end();
    },
  },
  {
    name: 'trailer-without-chunks',
    core: ['server-de-chunked-trailer'],
    asks: 'Trailer beside a Content-Length is refused',
    serve(_req, res, note) {
      res.setHeader('Trailer', 'baz');
      note(thrown(() => res.writeHead(200, { 'Content-Length': '2' })));
      res.removeHeader('Trailer');
      res.end('ok');
    },
  },
  {
    name: 'flush-headers',
    core: ['flush-response-headers', 'flush-headers'],
    asks: 'flushHeaders sends the head, once',
    serve(req, res) {
      res.writeHead(200, { foo: 'bar' });
      res.flushHeaders();
      res.flushHeaders();
      req.once('data', () => res.end('rest'));
    },
    async play(peer) {
      await peer.ask({ method: 'POST', fields: ['Content-Length: 2'] });
      await peer.arrived('foo: bar');
      await peer.send('go');
      await peer.read();
    },
  },
];
