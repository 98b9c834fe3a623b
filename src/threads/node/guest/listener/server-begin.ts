// Runs an application that is an http.Server: what Node's own parserOnIncoming does with a request that has come. 'request'
// as for a listener; 'upgrade' and 'connect' with a socket of raw bytes, where the server listens for them; 'checkContinue' and
// 'checkExpectation' in place of 'request' where the client expects something and the server listens for it.

import type { Server } from 'node:http';
import type { Begin, Exchange } from '../exchange.ts';
import { refusesExpectation } from '../expectation.ts';
import { type Listener, stackOf } from '../load-app.ts';
import { listenerBegin } from './begin.ts';
import { GivenPrototypes } from './given-prototypes.ts';
import { RawSocket } from './raw-socket.ts';
import { buildUpgradeRequest } from './request.ts';
import { ServerOptions } from './server-options.ts';

/** Node.js 24 lets the program say which requests it goes over for. */
interface Asked {
  shouldUpgradeCallback?: (request: object) => boolean;
}

/** What a raw socket has when it is handed over: nothing came with the request, all of it comes as data. */
const NOTHING_AHEAD = Buffer.alloc(0);

export function serverBegin(server: Server): Begin {
  const request = listenerBegin(
    (...pair) => server.emit('request', ...pair),
    server,
    new GivenPrototypes(server),
  );
  const checked = {
    continue: listenerBegin((...pair) => emitContinue(server, pair), server),
    other: listenerBegin((...pair) => server.emit('checkExpectation', ...pair), server),
    nothing: request,
  };
  const options = new ServerOptions(server);
  return (exchange) => {
    if (exchange.upgradable && takesOver(server, exchange, options)) return;
    const { expects } = exchange.facts;
    const isHeard = expects !== 'other' || server.listenerCount('checkExpectation') > 0;
    if (isHeard || !refusesExpectation(exchange)) checked[expects](exchange);
  };
}

type Pair = Parameters<Listener>;

/** Without such a listener 100 is said when the body is read; with one, when the program says so. */
function emitContinue(server: Server, [request, response]: Pair): void {
  if (server.listenerCount('checkContinue') === 0) {
    server.emit('request', request, response);
    return;
  }
  // A response that does not ask for the body ends the connection then, as from Node.
  Object.assign(response, { _expect_continue: true });
  server.emit('checkContinue', request, response);
}

/** False when the server wants an upgrade to be a request like others; a CONNECT that nobody listens for closes. */
function takesOver(server: Server, exchange: Exchange, options: ServerOptions): boolean {
  const isConnect = exchange.facts.method === 'CONNECT';
  const { shouldUpgradeCallback } = server as Asked;
  if (!isConnect && shouldUpgradeCallback === undefined && server.listenerCount('upgrade') === 0) {
    return false;
  }
  const socket = new RawSocket(exchange, server);
  const request = buildUpgradeRequest(exchange, socket, options);
  // What was built is let go: as a request like others it is built again.
  if (!isConnect && shouldUpgradeCallback && !shouldUpgradeCallback.call(server, request)) {
    return false;
  }
  try {
    const isHeard = server.emit(isConnect ? 'connect' : 'upgrade', request, socket, NOTHING_AHEAD);
    if (!isHeard) socket.destroy();
  } catch (error) {
    exchange.fail(500, 'app-raised', stackOf(error));
    socket.destroy();
  }
  return true;
}
