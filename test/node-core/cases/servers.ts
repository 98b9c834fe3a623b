// What an http.Server of the program adds: events of its own, and options that shape its requests and responses. Played one
// after another, because some of them change the server for the next request.

import { IncomingMessage, type Server, ServerResponse } from 'node:http';
import {
  answersAndCloses,
  asking,
  type Case,
  hear,
  loose,
  post,
  type Question,
  said,
  thrown,
} from '../case.ts';

export class OwnRequest extends IncomingMessage {
  agent(): string {
    return this.headers['user-agent'] ?? 'unknown';
  }
}

export class OwnResponse extends ServerResponse {
  ok(text: string): void {
    this.writeHead(200, { 'Content-Type': 'text/plain' }).end(text);
  }
}

export const SERVER_OPTIONS = {
  IncomingMessage: OwnRequest,
  ServerResponse: OwnResponse,
  uniqueHeaders: ['x-unique', 'x-unique-trailer'],
};

function serverOf(req: IncomingMessage): Server {
  return loose(req.socket)['server'] as Server;
}

/** The server has a listener for one event as long as one request of the case lasts. */
function listening(
  name: string,
  event: string,
  listen: (req: IncomingMessage, res: ServerResponse) => void,
): Case['serve'] {
  return (req, res, note) => {
    const server = serverOf(req);
    const listener = (asked: IncomingMessage, answered: ServerResponse): void => {
      server.off(event, listener);
      note(`${event} ${asked.url === `/${name}`}`);
      listen(asked, answered);
    };
    if (server.listenerCount(event) === 0) server.on(event, listener);
    else note('request');
    res.end('listening');
  };
}

/** First the one that has the server listen; the body comes later, if it does. */
const asksToContinue = asking(
  {},
  { method: 'POST', fields: ['Expect: 100-continue', 'Content-Length: 5'] },
);

/** Tells the server that the promise of a listener was rejected, as Node.js does. */
function reject(req: IncomingMessage, res: ServerResponse): void {
  const server = serverOf(req) as unknown as {
    [symbol: symbol]: (error: Error, event: string, ...pair: unknown[]) => void;
  };
  server[Symbol.for('nodejs.rejection')]?.(new Error('kaboom'), 'request', req, res);
}

const DUPLICATES: Question = {
  fields: [
    ...['authorization: 1', 'authorization: 2', 'cookie: a', 'cookie: b'],
    ...['User-Agent: x', 'User-Agent: y'],
  ],
};

export const SERVERS: readonly Case[] = [
  {
    name: 'own-classes',
    core: ['server-options-incoming-message', 'server-options-server-response'],
    asks: 'the options IncomingMessage and ServerResponse: requests and responses of these classes',
    serve(req, res, note) {
      note(`${req instanceof OwnRequest} ${res instanceof OwnResponse}`);
      note((req as OwnRequest).agent());
      (res as OwnResponse).ok('fine');
    },
    play: asking({ fields: ['User-Agent: node-test'] }),
  },
  {
    name: 'unique-headers',
    core: ['multiple-headers'],
    asks: 'the option uniqueHeaders: several values become one field, in head and trailers',
    serve(_req, res) {
      res.setHeader('X-Unique', ['a', 'b']).setHeader('X-Other', ['a', 'b']);
      res.addTrailers({ 'X-Unique-Trailer': ['c', 'd'] as never });
      res.write('x');
      res.end();
    },
  },
  {
    name: 'join-duplicates',
    core: ['request-join-authorization-headers'],
    asks: 'the option joinDuplicateHeaders: fields of which node:http takes the first are joined',
    serve(req, res, note) {
      note(`${req.headers.authorization} ${req.headers.cookie} ${req.headers['user-agent']}`);
      const server = loose(serverOf(req));
      server['joinDuplicateHeaders'] = server['joinDuplicateHeaders'] !== true;
      res.end();
    },
    play: asking(DUPLICATES, DUPLICATES),
  },
  {
    name: 'reject-body',
    core: ['head-throw-on-response-body-write'],
    asks: 'the option rejectNonStandardBodyWrites: a body where none may be throws',
    serve(req, res, note) {
      const server = loose(serverOf(req));
      server['rejectNonStandardBodyWrites'] = server['rejectNonStandardBodyWrites'] !== true;
      res.writeHead(204);
      note(thrown(() => res.write('this is content')));
      res.end();
    },
    play: asking({}, {}),
  },
  {
    name: 'check-continue',
    core: ['expect-continue', 'write-callbacks'],
    asks: 'checkContinue in place of request: writeContinue sends 100, then the body comes',
    serve: listening('check-continue', 'checkContinue', (req, res) => {
      res.writeContinue(() => {
        req.setEncoding('latin1');
        let text = '';
        req.on('data', (piece) => (text += piece));
        req.on('end', () => res.writeHead(200, { ABCD: '1' }).end(`had ${text}`));
      });
    }),
    async play(peer) {
      await asksToContinue(peer);
      await peer.send('hello');
      await peer.read();
    },
  },
  {
    name: 'check-continue-refused',
    core: ['expect-continue'],
    asks: 'checkContinue that is answered without 100: no body is asked for, and the connection closes',
    serve: listening('check-continue-refused', 'checkContinue', (_req, res) => {
      res.writeHead(413).end('too much');
    }),
    async play(peer) {
      await asksToContinue(peer);
      await peer.closed();
    },
  },
  {
    name: 'check-expectation',
    core: ['expect-handling'],
    asks: 'checkExpectation in place of request for what is not 100-continue',
    serve: listening('check-expectation', 'checkExpectation', (req, res) => {
      res.statusCode = 418;
      req.pipe(res);
    }),
    play: asking({}, post('hello', ['Expect: meoww'])),
  },
  {
    name: 'expectation-unheard',
    core: ['expect-handling'],
    asks: 'an expectation that nobody knows is answered 417, and the program does not see the request',
    differs: 'here the connection closes behind it, as behind any refusal',
    serve(_req, res, note) {
      note('the handler ran');
      res.end();
    },
    play: asking({ fields: ['Expect: meoww'] }),
  },
  {
    name: 'server-timeout',
    core: ['set-timeout-server'],
    asks: 'a timeout that only the server hears: its event has the socket, and the connection is the listener’s',
    serve(req, res, note) {
      const server = serverOf(req);
      server.once('timeout', (socket) => {
        note(`timeout ${socket === req.socket}`);
        res.end('late');
      });
      req.socket.setTimeout(20);
    },
    ends: 'timeout',
  },
  {
    name: 'rejected-listener',
    core: ['server-capture-rejections'],
    asks: 'captureRejections: what node:http does with a request whose listener rejected',
    serve(req, res, note) {
      res.setHeader('content-type', 'application/json');
      reject(req, res);
      note(`${res.statusCode}`);
    },
  },
  {
    name: 'rejected-listener-late',
    core: ['server-capture-rejections'],
    asks: 'captureRejections after the head: the response is destroyed',
    serve(req, res, note) {
      hear(res, 'res', 'finish close', note);
      res.on('error', (error) => note(said(error)));
      res.write('{');
      setTimeout(() => reject(req, res), 20);
    },
    ends: 'res close',
    play: answersAndCloses,
  },
];
