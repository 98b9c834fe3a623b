// What observers of a program see: diagnostics channels, performance entries, asynchronous contexts, rejections.

import { AsyncLocalStorage, executionAsyncId } from 'node:async_hooks';
import diagnostics from 'node:diagnostics_channel';
import { IncomingMessage, OutgoingMessage } from 'node:http';
import { PerformanceObserver } from 'node:perf_hooks';
import { Duplex } from 'node:stream';
import { asking, type Case, closes, loose, said } from '../case.ts';

interface Published {
  readonly request: IncomingMessage;
  readonly response: OutgoingMessage;
  readonly socket: Duplex;
  readonly server: unknown;
}

/** Hears of one case until it is told to stop. */
function subscribe(channel: string, name: string, hear: (message: Published) => void): () => void {
  const listener = (message: unknown): void => {
    const published = message as Published;
    if (published.request.url?.startsWith(`/${name}`)) hear(published);
  };
  diagnostics.subscribe(channel, listener);
  return () => diagnostics.unsubscribe(channel, listener);
}

const contexts = new AsyncLocalStorage<string>();

export const OBSERVERS: readonly Case[] = [
  {
    name: 'diagnostics-finish',
    core: ['test-diagnostics-channel-http'],
    asks: 'http.server.response.finish tells request, response, socket and server',
    serve(_req, res, note) {
      const stop = subscribe('http.server.response.finish', 'diagnostics-finish', (told) => {
        note(
          `${told.request instanceof IncomingMessage} ${told.response instanceof OutgoingMessage}`,
        );
        note(`${told.socket instanceof Duplex} ${told.socket === told.request.socket}`);
        note(`${told.server !== undefined && told.server !== null}`);
        stop();
        note('over');
      });
      res.on('finish', () => note('finish'));
      res.end('done');
    },
    ends: 'over',
  },
  {
    name: 'diagnostics-start',
    core: ['test-diagnostics-channel-http', 'test-diagnostics-channel-http-server-start'],
    asks: 'http.server.request.start is told before the handler runs; its context is the handler’s',
    serve(req, res, note) {
      if (!(req.url ?? '').includes('?')) {
        let told = 0;
        const stop = subscribe('http.server.request.start', 'diagnostics-start', (published) => {
          told += 1;
          note(`start ${told} ${published.response.constructor.name} ${published.request.url}`);
          contexts.enterWith('from the channel');
          stop();
        });
        return res.end('subscribed');
      }
      note(`handler ${contexts.getStore()}`);
      return res.end('done');
    },
    ends: 'handler',
    play: asking({}, { query: 'again' }),
  },
  {
    name: 'diagnostics-created',
    core: ['test-diagnostics-channel-http-response-created'],
    asks: 'http.server.response.created, where Node.js has it',
    serve(req, res, note) {
      if (!(req.url ?? '').includes('?')) {
        const stop = subscribe('http.server.response.created', 'diagnostics-created', (told) => {
          note(
            `created ${told.response instanceof OutgoingMessage} ${told.request instanceof IncomingMessage}`,
          );
          stop();
        });
        return res.end('subscribed');
      }
      return res.end('done');
    },
    play: asking({}, { query: 'again' }),
  },
  {
    name: 'performance',
    core: ['perf_hooks'],
    asks: 'a PerformanceObserver of type http hears of each request',
    serve(req, res, note) {
      if (!(req.url ?? '').includes('?')) {
        const observer = new PerformanceObserver((list) => {
          for (const entry of list.getEntries()) {
            const { req: asked, res: answered } = loose(entry)['detail'] as {
              req: { method: string; url: string };
              res: { statusCode: number; statusMessage: string; headers: object };
            };
            if (!asked.url.startsWith('/performance?')) continue;
            note(
              `${entry.entryType} ${entry.name} ${typeof entry.duration} ${asked.method} ${asked.url}`,
            );
            note(`entry ${JSON.stringify(answered)}`);
            observer.disconnect();
          }
        });
        observer.observe({ type: 'http' } as never);
        return res.end('observed');
      }
      res.setHeader('X-Test', '1');
      return res.end('done');
    },
    ends: 'entry',
    play: asking({}, { query: 'again' }),
  },
  {
    name: 'contexts-apart',
    core: ['test-async-local-storage-http-multiclients'],
    asks: 'AsyncLocalStorage.enterWith in a handler',
    differs:
      'in node:http the next request of the same connection finds what was entered; here no other request does',
    until: 24,
    serve(req, res, note) {
      note(`${contexts.getStore()}`);
      contexts.enterWith(`entered by ${req.url}`);
      res.end('x');
    },
    play: asking({}, {}, {}),
  },
  {
    name: 'contexts-kept',
    core: ['test-async-local-storage-http-multiclients'],
    asks: 'run(): body events, finish, close and callbacks of a request know its context',
    serve(req, res, note) {
      contexts.run(`context ${req.url?.split('?')[1]}`, () => {
        const tell = (what: string): void => note(`${what} ${contexts.getStore()}`);
        req.on('data', () => tell('data'));
        req.on('end', () => {
          tell('end');
          res.write('a', () => tell('written'));
          res.on('finish', () => tell('finish'));
          res.on('close', () => tell('close'));
          res.end('b', () => tell('ended'));
        });
      });
    },
    ends: 'close',
    differs:
      'events of a request are emitted in the context in which they come, in node:http that of its connection; what a handler sees in its own events is the same only where it binds them',
    async play(peer) {
      await peer.send('POST /contexts-kept?1 HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc');
      await peer.read();
    },
  },
  {
    name: 'async-id',
    core: ['test-async-exec-resource-http'],
    asks: 'a handler runs in an asynchronous context of its own',
    serve(_req, res, note) {
      note(`${executionAsyncId() > 0}`);
      res.end();
    },
  },
  {
    name: 'rejection-of-listener',
    core: ['outgoing-message-capture-rejection', 'server-capture-rejections'],
    asks: 'captureRejections on the response: a listener that rejects destroys it',
    serve(_req, res, note) {
      const symbol = Symbol.for('nodejs.rejection');
      const rejected = (res as unknown as { [key: symbol]: (error: Error) => void })[symbol];
      res.on('close', () => note('res close'));
      res.on('error', (error) => note(said(error)));
      rejected?.call(res, new Error('kaboom'));
      note(`${res.destroyed} ${said((res as unknown as { errored: unknown }).errored)}`);
    },
    ends: 'res close',
    play: closes,
  },
];
