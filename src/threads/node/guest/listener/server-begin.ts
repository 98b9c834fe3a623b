// Runs an application that is an http.Server: what Node's own parserOnIncoming does with a request that has come. 'request'
// as for a listener; 'upgrade' and 'connect' with a socket of raw bytes, where the server listens for them.

import type { Server } from 'node:http';
import type { Begin } from '../channel.ts';
import type { Exchange } from '../exchange.ts';
import { stackOf } from '../load-app.ts';
import { listenerBegin } from './begin.ts';
import { RawSocket } from './raw-socket.ts';
import { buildUpgradeRequest } from './request.ts';

/** Node.js 24 lets the program say which requests it goes over for. */
interface Asked {
  shouldUpgradeCallback?: (request: object) => boolean;
}

/** What a raw socket has when it is handed over: nothing came with the request, all of it comes as data. */
const NOTHING_AHEAD = Buffer.alloc(0);

export function serverBegin(server: Server): Begin {
  const request = listenerBegin((...pair) => server.emit('request', ...pair), server);
  return (exchange) => {
    if (!exchange.upgradable || !takesOver(server, exchange)) request(exchange);
  };
}

/** False when the server wants an upgrade to be a request like others; a CONNECT that nobody listens for closes. */
function takesOver(server: Server, exchange: Exchange): boolean {
  const isConnect = exchange.facts.method === 'CONNECT';
  const { shouldUpgradeCallback } = server as Asked;
  if (!isConnect && shouldUpgradeCallback === undefined && server.listenerCount('upgrade') === 0) {
    return false;
  }
  const socket = new RawSocket(exchange, server);
  const request = buildUpgradeRequest(exchange, socket);
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
