// Programs that hang up: what their client, their request, response and socket hear of it.

import { answersAndCloses, type Case, closes, hear, hearBoth, loose } from '../case.ts';

const SLOW_MS = 20;

export const HANG_UPS: readonly Case[] = [
  {
    name: 'response-destroyed',
    core: ['response-close', 'destroyed-socket-write2', 'outgoing-destroyed'],
    asks: 'res.destroy(): the client is cut off; close on both, no error on the response',
    serve(req, res, note) {
      hearBoth(req, res, note);
      res.destroy();
      note(`${res.destroyed} ${loose(res)['errored'] === undefined}`);
    },
    ends: 'req close',
    anyOrder: true,
    play: closes,
  },
  {
    name: 'response-destroyed-error',
    core: ['outgoing-destroyed'],
    asks: 'res.destroy(error): errored, close, and no error event on the response',
    serve(req, res, note) {
      hearBoth(req, res, note);
      const error = new Error('Destroy test');
      res.destroy(error);
      note(`${loose(res)['errored'] === error}`);
    },
    ends: 'res close',
    anyOrder: true,
    play: closes,
  },
  {
    name: 'response-destroyed-after-end',
    core: ['outgoing-destroyed', 'many-ended-pipelines'],
    asks: 'res.destroy() right after res.end(): the response still arrives',
    serve(_req, res, note) {
      hear(res, 'res', 'error close', note);
      res.end('all of it');
      res.destroy();
      res.end('asd');
      note(`${loose(res)['errored']}`);
    },
    ends: 'res close',
  },
  {
    name: 'response-destroyed-midway',
    core: ['abort-client', 'outgoing-destroyed'],
    asks: 'res.destroy() in the middle of the body: what was written may arrive, its end does not',
    serve(_req, res, note) {
      hear(res, 'res', 'finish error close', note);
      res.write('Part of my res.');
      setTimeout(() => res.destroy(), SLOW_MS);
    },
    ends: 'res close',
    play: answersAndCloses,
  },
  {
    name: 'request-destroyed',
    core: ['server-incomingmessage-destroy', 'incoming-message-destroy'],
    asks: 'req.destroy(error): the client is cut off, and nothing is uncaught',
    serve(req, res, note) {
      hear(res, 'res', 'finish error close', note);
      req.on('close', () => note('req close'));
      note(`${req.destroy(new Error('Destroy test')) === req}`);
    },
    ends: 'req close',
    anyOrder: true,
    play: closes,
  },
  {
    name: 'request-destroyed-heard',
    core: ['server-incomingmessage-destroy'],
    asks: 'req.destroy(error) with a listener: it hears the error',
    serve(req, res, note) {
      hearBoth(req, res, note);
      req.destroy(new Error('Destroy test'));
    },
    ends: 'req close',
    anyOrder: true,
    play: closes,
  },
  {
    name: 'request-destroyed-after-end',
    core: ['many-ended-pipelines', 'incoming-pipelined-socket-destroy'],
    asks: 'req.socket.destroy() right after res.end(): the response still arrives, no more of the pipeline',
    serve(req, res) {
      res.end('ok');
      req.socket.destroy();
    },
    play: answersAndCloses,
  },
  {
    name: 'socket-destroyed',
    core: ['incoming-pipelined-socket-destroy', 'set-timeout'],
    asks: 'req.socket.destroy(): as res.destroy()',
    serve(req, res, note) {
      hearBoth(req, res, note);
      req.socket.on('close', (hadError) => note(`socket close ${hadError}`));
      setImmediate(() => req.socket.destroy());
    },
    ends: 'req close',
    anyOrder: true,
    play: closes,
  },
  {
    name: 'socket-error',
    core: ['header-badrequest'],
    asks: 'an error emitted on the socket by the program ends the connection, and nothing follows what was sent',
    serve(_req, res, note) {
      res.on('close', () => note('res close'));
      res.write('asd', () => res.socket?.emit('error', new Error('kaboom')));
    },
    ends: 'res close',
    play: answersAndCloses,
  },
  {
    name: 'socket-ended',
    core: ['server-close-all'],
    asks: 'req.socket.end() right after res.end(): the response arrives, then the connection closes',
    serve(req, res, note) {
      const { socket } = req;
      res.end('bye');
      socket.end();
      note(`ended ${socket.writableEnded}`);
    },
    ends: 'ended',
  },
];
