// What a response tells of itself while it is written, and what becomes of one that is written faster than it is read.

import { finished, PassThrough, Stream } from 'node:stream';
import { asking, type Case, closes, loose, said, thrown } from '../case.ts';

const LARGE = 4 * 1024 * 1024;

export const BACK_PRESSURE: readonly Case[] = [
  {
    name: 'writable-members',
    core: [
      'outgoing-properties',
      'outgoing-finish-writable',
      'outgoing-writableFinished',
      'writable-true-after-close',
    ],
    asks: 'writable, finished, writableEnded, writableFinished, writableHighWaterMark before and after end',
    serve(_req, res, note) {
      const look = (): void => {
        const { writable, writableEnded, writableFinished, writableNeedDrain, closed, destroyed } =
          res as typeof res & { closed: boolean };
        const { finished: old, errored } = loose(res);
        note(
          JSON.stringify({
            writable,
            writableEnded,
            writableFinished,
            writableNeedDrain,
            closed,
            destroyed,
            old,
            errored,
          }),
        );
      };
      look();
      note(
        `${res.writableHighWaterMark > 0} ${res.writableHighWaterMark === res.socket?.writableHighWaterMark}`,
      );
      note(`${res.writableLength}`);
      res.on('finish', () => {
        look();
        note(`finish ${res.writableLength}`);
      });
      res.on('close', () => {
        look();
        note('close');
      });
      res.end('x');
      look();
    },
    ends: 'close',
  },
  {
    name: 'writable-length',
    core: ['outgoing-properties'],
    asks: 'writableLength counts what is written and has not left yet',
    differs:
      'node:http holds what is written back until the next tick and counts chunk framing; here small pieces leave at once, and what counts is what the connection has no room for',
    serve(_req, res, note) {
      res.write('');
      const before = res.writableLength;
      res.write('asd');
      note(`${res.writableLength - before}`);
      res.end();
    },
  },
  {
    name: 'drain',
    core: ['outgoing-end-cork', 'highwatermark', 'outgoing-finish'],
    asks: 'write answers false at a full connection; drain comes when the client reads',
    serve(_req, res, note) {
      const piece = Buffer.alloc(LARGE / 4, 'x');
      let pieces = 0;
      const write = (): void => {
        while (pieces < 4) {
          pieces += 1;
          if (!res.write(piece)) break;
        }
        note(`${res.writableNeedDrain} ${res.writableLength > 0}`);
        if (pieces < 4) res.once('drain', drained);
        else res.once('drain', () => res.end('.'));
      };
      const drained = (): void => {
        note(`drain ${res.writableNeedDrain}`);
        write();
      };
      res.on('finish', () => note(`finish ${res.writableLength}`));
      write();
    },
    ends: 'finish',
  },
  {
    name: 'no-drain-without-reader',
    core: ['highwatermark'],
    asks: 'a client that reads nothing of 12 MB',
    differs:
      'node:http holds the program back until the client reads; here the server takes the response on, up to response_memory and response_spool, so that the thread is free',
    serve(_req, res, note) {
      const piece = Buffer.alloc(LARGE, 'x');
      note(`${res.write(piece)} ${res.write(piece)} ${res.write(piece)}`);
      const settle = (first: string): void => {
        clearTimeout(timer);
        res.off('drain', drained);
        note(`first: ${first}`);
        res.end();
      };
      const drained = (): void => settle('drain');
      const timer = setTimeout(settle, 1000, 'nothing');
      res.on('drain', drained);
    },
    async play(peer) {
      peer.pause();
      await peer.ask();
      await peer.noted('first');
      peer.resume();
      await peer.read();
    },
  },
  {
    name: 'finish-and-callback',
    core: ['outgoing-finish', 'outgoing-finished'],
    asks: 'finish comes when all has left, in one tick with the callback of end; stream.finished hears the end',
    serve(req, res, note) {
      req.resume();
      req.on('end', () => {
        const piece = Buffer.alloc(16 * 1024, 'x');
        for (let pieces = 0; pieces < 64; pieces++) res.write(piece);
        res.on('prefinish', () => note('prefinish'));
        res.on('finish', () => note(`finish ${res.writableFinished}`));
        finished(res, (error) => note(`finished ${said(error)}`));
        res.end(piece, () => note('callback'));
        res.on('close', () => note('close'));
      });
    },
    ends: 'close',
    play: asking({ method: 'PUT', fields: ['Content-Length: 3'], body: 'abc' }),
  },
  {
    name: 'strict-length-more',
    core: ['content-length-mismatch'],
    asks: 'strictContentLength: more bytes than announced throw',
    serve(_req, res, note) {
      res.strictContentLength = true;
      res.setHeader('Content-Length', 5);
      res.write('hello');
      note(thrown(() => res.write('a')));
      res.end();
    },
  },
  {
    name: 'strict-length-less',
    core: ['content-length-mismatch'],
    asks: 'strictContentLength: fewer bytes than announced throw, and can be made good',
    serve(_req, res, note) {
      res.strictContentLength = true;
      res.setHeader('Content-Length', 5);
      res.write('a');
      note(thrown(() => res.end('aaa')));
      res.end('aaaa');
    },
  },
  {
    name: 'longer-than-announced',
    core: ['content-length-mismatch'],
    asks: 'without strictContentLength: more bytes than announced',
    differs:
      'node:http sends them, and the client takes them for the next response; here what is too much is cut off',
    serve(_req, res) {
      res.writeHead(200, { 'Content-Length': 2 }).end('okay');
    },
  },
  {
    name: 'shorter-than-announced',
    core: ['content-length-mismatch'],
    asks: 'without strictContentLength: fewer bytes than announced',
    differs:
      'node:http keeps the connection, and the client waits for ever; here the connection closes, which tells it',
    serve(_req, res) {
      res.writeHead(200, { 'Content-Length': 4 }).end('ok');
    },
    async play(peer) {
      await peer.ask();
      await peer.arrived('ok');
      await peer.send('GET /-ping HTTP/1.1\r\nHost: x\r\n\r\n');
      await peer.read();
    },
  },
  {
    name: 'pipe-to-response',
    core: ['pipe-fs', 'chunk-problem', 'abort-stream-end'],
    asks: 'a stream piped into the response',
    serve(_req, res) {
      const source = new PassThrough();
      source.pipe(res);
      source.write('one ');
      setImmediate(() => source.end('two'));
    },
  },
  {
    name: 'old-stream-to-response',
    core: ['zero-length-write'],
    asks: 'an old-style stream with empty pieces piped into the response',
    serve(_req, res) {
      const source = new Stream();
      source.pipe(res);
      for (const piece of ['', 'asdf', '', 'foo', '', 'bar', '']) source.emit('data', piece);
      source.emit('end');
    },
  },
  {
    name: 'bytes-written',
    core: ['byteswritten'],
    asks: 'socket.bytesWritten counts, while it waits and afterwards',
    serve(req, res, note) {
      const { socket } = req;
      res.on('finish', () =>
        note(`finish ${typeof socket.bytesWritten} ${socket.bytesWritten > LARGE}`),
      );
      res.write(Buffer.alloc(LARGE));
      note(`${(res.socket?.bytesWritten ?? 0) > 0}`);
      res.end('hello world\n');
    },
    ends: 'finish',
  },
  {
    name: 'destroyed-prototype-members',
    core: ['test-outgoing-message-destroy', 'outgoing-destroy'],
    asks: 'destroy returns the response; writing to it afterwards fails softly',
    serve(_req, res, note) {
      res.on('error', () => note('error event'));
      note(`${res.destroy() === res} ${res.destroyed} ${res.destroy() === res}`);
      note(`${res.write('asd', (error) => note(`cb ${said(error)}`))}`);
    },
    play: closes,
    ends: 'cb',
  },
];
