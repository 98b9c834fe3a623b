// The body of a response: what may be written, how it is framed, callbacks, ends.

import { asking, type Case, hear, said, thrown } from '../case.ts';

export const BODIES: readonly Case[] = [
  {
    name: 'framed-by-writes',
    core: ['content-length', 'chunked', 'write-empty-string'],
    asks: 'written in pieces: chunked; empty pieces end nothing',
    serve(_req, res) {
      res.writeHead(200, { 'Content-Type': 'text/plain' });
      for (const piece of ['1\n', '', '2\n', '']) res.write(piece);
      res.end('3\n');
    },
  },
  {
    name: 'framed-by-end',
    core: ['content-length'],
    asks: 'ended with data: a Content-Length',
    serve(_req, res) {
      res.end('hello world');
    },
  },
  {
    name: 'framed-empty',
    core: ['content-length', 'zerolengthbuffer'],
    asks: 'ended with nothing, or with no bytes: Content-Length 0',
    serve(_req, res) {
      res.end(Buffer.alloc(0));
    },
  },
  {
    name: 'utf-8',
    core: ['chunked', 'default-encoding'],
    asks: 'text is UTF-8, with its length in bytes, both ways',
    serve(req, res) {
      req.setEncoding('utf8');
      let text = '';
      req.on('data', (piece) => (text += piece)).on('end', () => res.end(`سلام ${text}`));
    },
    play: asking({
      method: 'POST',
      fields: ['Content-Length: 4'],
      body: '\u00d8\u00b3\u00d9\u0084',
    }),
  },
  {
    name: 'encodings',
    core: ['hex-write', 'outgoing-first-chunk-singlebyte-encoding', 'byteswritten'],
    asks: 'write and end take an encoding',
    serve(_req, res) {
      res.write('6865780a', 'hex');
      res.write('hellö', 'latin1');
      res.write('hello', 'utf16le');
      res.write('YmF6', 'base64');
      res.write('UTF-8', 'UTF-8' as never);
      res.end('706f', 'hex');
    },
  },
  {
    name: 'encoding-of-end',
    core: ['hex-write'],
    asks: 'the length that end() announces is that of the bytes',
    serve(_req, res) {
      res.end('6865780a', 'hex');
    },
  },
  {
    name: 'own-length',
    core: ['hex-write', 'readable-data-event'],
    asks: 'a Content-Length of the program is kept, written in pieces',
    serve(_req, res) {
      res.setHeader('content-length', 9);
      res.write('6865780a', 'hex');
      res.write('utf8\n');
      res.end();
    },
  },
  {
    name: 'types',
    core: [
      'outgoing-write-types',
      'outgoing-end-types',
      'res-write-end-dont-take-array',
      'outgoing-proto',
    ],
    asks: 'write and end take text, Buffer and Uint8Array, and refuse the rest',
    serve(_req, res, note) {
      for (const wrong of [['Throws.'], null, undefined, 1, {}]) {
        note(thrown(() => res.write(wrong as never)));
      }
      note(thrown(() => res.end(['Throws.'])));
      res.write('1a');
      res.write(new Uint8Array(4));
      res.write(Buffer.from('2b'));
      res.end();
    },
  },
  {
    name: 'write-callbacks',
    core: ['write-callbacks', 'outgoing-message-write-callback'],
    asks: 'callbacks of write and end are called, in order, for empty pieces too',
    serve(_req, res, note) {
      for (const piece of ['a', 'b', '', Buffer.alloc(0), 'c']) {
        res.write(piece, (error) => note(`wrote ${piece} ${said(error)}`));
      }
      res.on('finish', () => note('finish'));
      res.end('d', () => note('ended'));
    },
    ends: 'ended',
  },
  {
    name: 'write-callbacks-nested',
    core: ['write-callbacks'],
    asks: 'what is written in a callback comes after it',
    serve(_req, res, note) {
      res.write('asdf', () => {
        note('first');
        res.write('foo', 'ascii', () => {
          note('second');
          res.end(Buffer.from('bar'), 'buffer' as never, () => note('third'));
        });
      });
    },
    ends: 'third',
  },
  {
    name: 'end-callback-alone',
    core: ['outgoing-end-multiple'],
    asks: 'end(callback)',
    serve(_req, res, note) {
      res.end(() => note(`ended ${res.writableFinished}`));
    },
    ends: 'ended',
  },
  {
    name: 'write-after-end',
    core: ['res-write-after-end'],
    asks: 'a write after end: false, and an error event',
    serve(_req, res, note) {
      hear(res, 'res', 'error finish close', note);
      res.write('This should write.');
      res.end();
      note(`${res.write('This should raise an error.')}`);
    },
    ends: 'res close',
  },
  {
    name: 'write-after-close',
    core: ['server-write-after-end', 'server-write-end-after-end', 'outgoing-destroy'],
    asks: 'a write or end after the response has closed: its callback hears it, and no error event',
    serve(_req, res, note) {
      hear(res, 'res', 'error', note);
      res.on('close', () => {
        setImmediate(() => {
          note(`${res.write('world', (error) => note(`cb ${said(error)}`))}`);
          res.end('world', (error?: unknown) => note(`end ${said(error)}`));
          setImmediate(note, 'over');
        });
      });
      res.end('hello');
    },
    ends: 'over',
  },
  {
    name: 'end-again',
    core: ['outgoing-end-multiple', 'outgoing-end-cork'],
    asks: 'end after end: what its callback and the error event hear',
    serve(_req, res, note) {
      res.on('error', (error) => note(`error ${said(error)}`));
      res.end('testing ended state', () => note('first'));
      note(`${res.writableCorked}`);
      res.end((error?: unknown) => note(`second ${said(error)}`));
      res.end('end', (error?: unknown) => note(`third ${said(error)}`));
      note(`${res.end() === res} ${res.writableCorked}`);
      res.on('finish', () => {
        note('finish');
        res.end((error?: unknown) => note(`last ${said(error)}`));
      });
    },
    ends: 'last',
  },
  {
    name: 'cork',
    core: ['response-cork', 'outgoing-end-cork'],
    asks: 'cork and uncork count, and hold nothing back after end',
    serve(_req, res, note) {
      res.cork();
      note(`${res.writableCorked} ${res.writableCorked === res.socket?.writableCorked}`);
      res.cork();
      note(`${res.writableCorked}`);
      res.writeHead(200, { 'a-header': 'a-value' });
      res.uncork();
      note(`${res.writableCorked}`);
      res.uncork();
      res.write('x');
      res.end('asd');
      note(`${res.writableCorked} ${res.writableCorked === res.socket?.writableCorked}`);
    },
  },
];
