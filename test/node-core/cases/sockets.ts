// The socket of a request: its timeouts, what it still knows after the end, clients that end their side, pipelines.

import { type Case, closes, hear, loose, said } from '../case.ts';

const SLOW_MS = 20;

export const SOCKETS: readonly Case[] = [
  {
    name: 'socket-timeout',
    core: ['set-timeout'],
    asks: 'socket.setTimeout: returns the socket; its event does not end the connection by itself',
    serve(req, res, note) {
      const { socket } = req;
      note(`${socket.setTimeout(SLOW_MS) === socket} ${socket.timeout}`);
      socket.on('timeout', () => {
        note('socket timeout');
        res.end('late');
      });
    },
    ends: 'socket timeout',
  },
  {
    name: 'request-timeout',
    core: ['set-timeout-server'],
    asks: 'req.setTimeout on a request that is still arriving: its callback hears the socket',
    serve(req, _res, note) {
      const same = req.setTimeout(SLOW_MS, (...told: unknown[]) => {
        note(`timeout ${told[0] === req.socket}`);
        req.socket.destroy();
      });
      note(`${same === req}`);
    },
    ends: 'timeout',
    async play(peer) {
      await peer.ask({ method: 'POST', fields: ['Content-Length: 10'], body: 'Hello' });
      await peer.closed();
    },
  },
  {
    name: 'request-timeout-complete',
    core: ['set-timeout-server'],
    asks: 'a request that has arrived does not time out; the response does, with the socket',
    serve(req, res, note) {
      req.setTimeout(SLOW_MS, () => note('req timeout'));
      res.on('timeout', (socket) => {
        note(`res timeout ${socket === req.socket}`);
        res.end('late');
      });
    },
    ends: 'res timeout',
  },
  {
    name: 'response-timeout',
    core: ['set-timeout-server', 'outgoing-settimeout'],
    asks: 'res.setTimeout: returns the response; its callback hears the socket',
    serve(_req, res, note) {
      const { socket } = res;
      const same = res.setTimeout(SLOW_MS, (...told: unknown[]) => {
        note(`timeout ${told[0] === socket}`);
        res.end('late');
      });
      note(`${same === res}`);
    },
    ends: 'timeout',
  },
  {
    name: 'timeout-unheard',
    core: ['set-timeout-server'],
    asks: 'a timeout that nobody hears ends the connection',
    serve(req, res, note) {
      hear(res, 'res', 'close', note);
      req.socket.setTimeout(SLOW_MS);
    },
    ends: 'res close',
    play: closes,
  },
  {
    name: 'timeout-reset-by-bytes',
    core: ['server-consumed-timeout', 'parser-timeout-reset'],
    asks: 'bytes of the request put the timeout off',
    serve(req, res, note) {
      res.writeHead(200);
      res.flushHeaders();
      req.setTimeout(400, () => note('timed out'));
      req.resume();
      req.once('end', () => res.end());
    },
    async play(peer) {
      await peer.ask({ method: 'POST', fields: ['Content-Length: 6'] });
      for (let bytes = 0; bytes < 6; bytes++) {
        await new Promise((resolve) => setTimeout(resolve, 100));
        await peer.send('a');
      }
      await peer.read();
    },
  },
  {
    name: 'socket-after-end',
    core: ['outgoing-end-cork', 'server-delete-parser'],
    asks: 'res.socket is null after the end; req.socket stays and still knows the client',
    serve(req, res, note) {
      const parser = res.socket as unknown as { parser?: unknown } | null;
      if (parser !== null) delete parser.parser;
      note(`${res.socket === req.socket} ${req.connection === req.socket} ${res.req === req}`);
      note(`${loose(req)['client'] === req.socket}`);
      res.on('close', () => {
        const { remoteAddress, remoteFamily, destroyed, writable } = req.socket;
        note(JSON.stringify([res.socket, remoteAddress, remoteFamily, destroyed, writable]));
        note('over');
      });
      res.end('okay');
    },
    ends: 'over',
  },
  {
    name: 'socket-encoding',
    core: ['socket-encoding-error'],
    asks: 'the encoding of the socket cannot be set',
    serve(req, res, note) {
      try {
        req.socket.setEncoding('utf8');
        note('set');
      } catch (error) {
        note(said(error));
      }
      res.end();
    },
  },
  {
    name: 'half-closed-client',
    core: ['server', 'client-pipe-end'],
    asks: 'a client that ends its side before an answer that comes later',
    differs:
      'node:http ends its side, too, and the answer is lost unless server.httpAllowHalfOpen is set; here a client that ends right behind its request gets an answer that begins within 0.25 s',
    serve(_req, res) {
      setTimeout(() => res.end('late'), SLOW_MS);
    },
    async play(peer) {
      await peer.ask();
      peer.end();
      await peer.read();
      await peer.closed();
    },
  },
  {
    name: 'pipelined',
    core: [
      'pipeline-assertionerror-finish',
      'pipeline-requests-connection-leak',
      'get-pipeline-problem',
    ],
    asks: 'pipelined requests are answered in their order, also when they end out of it',
    serve(req, res, note) {
      const [, text = ''] = (req.url ?? '').split('?');
      res.write(text);
      res.on('finish', () => note(`finish ${text}`));
      if (text === 'a') setTimeout(() => res.end(), SLOW_MS);
      else res.end();
    },
    ends: 'finish c',
    async play(peer) {
      const lines = ['a', 'b', 'c'].map(
        (text) => `GET /pipelined?${text} HTTP/1.1\r\nHost: x\r\n\r\n`,
      );
      await peer.send(lines.join(''));
      for (let answers = 0; answers < 3; answers++) await peer.read();
    },
  },
  {
    name: 'pipelined-hang-up',
    core: ['incoming-pipelined-socket-destroy', 'many-ended-pipelines'],
    asks: 'a handler that hangs up ends the whole pipeline',
    serve(_req, res, note) {
      note('began');
      res.on('close', () => note('res close'));
      setImmediate(() => res.destroy());
    },
    ends: 'res close',
    differs:
      'node:http runs the handlers of the whole pipeline at once; here one after the other, and those behind one that hangs up never run',
    async play(peer) {
      await peer.send('GET /pipelined-hang-up HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(3));
      await peer.closed();
    },
  },
];
