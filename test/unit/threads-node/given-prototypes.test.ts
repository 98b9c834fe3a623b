// Requests and responses of an Express application are made with the prototypes that it gives them, and with Node.js's own
// wherever somebody else could see them.

import assert from 'node:assert/strict';
import { createServer, IncomingMessage, ServerResponse } from 'node:http';
import { createRequire } from 'node:module';
import { Socket } from 'node:net';
import { test } from 'node:test';
import { GivenPrototypes } from '../../../src/threads/node/guest/listener/given-prototypes.ts';
import { ServerOptions } from '../../../src/threads/node/guest/listener/server-options.ts';

type Application = ((request: object, response: object) => void) &
  Record<'request' | 'response', object>;
const express = createRequire(import.meta.url)('express') as () => Application;

function prototypesOf(classes: GivenPrototypes): [object, object] {
  const request = new classes.request(new Socket());
  const response = new classes.response(request);
  assert.ok(request instanceof IncomingMessage && response instanceof ServerResponse);
  return [Object.getPrototypeOf(request), Object.getPrototypeOf(response)];
}

const PLAIN = [IncomingMessage.prototype, ServerResponse.prototype];

test('an Express application that is given requests alone, as the listener or by a server', () => {
  const app = express();
  assert.deepEqual(prototypesOf(new GivenPrototypes(app)), [app.request, app.response]);
  const server = createServer(app);
  const classes = new GivenPrototypes(server);
  assert.deepEqual(prototypesOf(classes), [app.request, app.response]);
  assert.equal(classes.request, classes.request);
  app.request = Object.create(app.request);
  assert.deepEqual(prototypesOf(classes), [app.request, app.response]);
  server.on('request', () => undefined);
  assert.deepEqual(prototypesOf(classes), PLAIN);
});

test('whoever else is given requests finds what Node.js gives', () => {
  const app = express();
  const calls = createServer((request, response) => app(request, response));
  assert.deepEqual(prototypesOf(new GivenPrototypes(calls)), PLAIN);
  assert.deepEqual(prototypesOf(new GivenPrototypes(createServer())), PLAIN);
  const odd = Object.assign(() => undefined, { handle: () => undefined, request: {}, response: 1 });
  assert.deepEqual(prototypesOf(new GivenPrototypes(odd)), PLAIN);
});

test("a server's own classes come before those of its application", () => {
  class Own extends IncomingMessage {}
  const server = createServer({ IncomingMessage: Own }, express());
  const request = new ServerOptions(server, new GivenPrototypes(server)).newRequest(
    new Socket() as never,
  );
  assert.equal(Object.getPrototypeOf(request), Own.prototype);
});
