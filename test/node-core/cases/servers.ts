// What an http.Server of the program adds: events of its own, and options that shape its requests and responses. Played one
// after another, because some of them change the server for the next request.

import { IncomingMessage, type Server, ServerResponse } from 'node:http';
import { type Case, hear, loose, type Peer, post, said, thrown } from '../case.ts';

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

const EXPECT = 'Expect: 100-continue';

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

async function asksTwice(peer: Peer, fields: readonly string[]): Promise<void> {
  await peer.ask();
  await peer.read();
  await peer.ask({ method: 'POST', fields: [...fields, 'Content-Length: 5'] });
  await peer.read();
}

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
    async play(peer) {
      await peer.ask({ fields: ['User-Agent: node-test'] });
      await peer.read();
    },
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
    async play(peer) {
      const fields = ['authorization: 1', 'authorization: 2', 'cookie: a', 'cookie: b'];
      for (let requests = 0; requests < 2; requests++) {
        await peer.ask({ fields: [...fields, 'User-Agent: x', 'User-Agent: y'] });
        await peer.read();
      }
    },
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
    async play(peer) {
      for (let requests = 0; requests < 2; requests++) {
        await peer.ask();
        await peer.read();
      }
    },
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
      await asksTwice(peer, [EXPECT]);
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
      await asksTwice(peer, [EXPECT]);
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
    async play(peer) {
      await peer.ask();
      await peer.read();
      await peer.ask({ ...post('hello', ['Expect: meoww']) });
      await peer.read();
    },
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
    async play(peer) {
      await peer.ask({ fields: ['Expect: meoww'] });
      await peer.read();
    },
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
      const server = serverOf(req) as unknown as {
        [symbol: symbol]: (error: Error, event: string, ...pair: unknown[]) => void;
      };
      server[Symbol.for('nodejs.rejection')]?.(new Error('kaboom'), 'request', req, res);
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
      const server = serverOf(req) as unknown as {
        [symbol: symbol]: (error: Error, event: string, ...pair: unknown[]) => void;
      };
      setTimeout(() => {
        server[Symbol.for('nodejs.rejection')]?.(new Error('kaboom'), 'request', req, res);
      }, 20);
    },
    ends: 'res close',
    async play(peer) {
      await peer.ask();
      await peer.read();
      await peer.closed();
    },
  },
];
