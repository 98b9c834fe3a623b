// Every common framework of Node.js with the program that its own documentation begins with, unchanged: it calls `listen`
// itself, here on a port that the server never binds.

import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import { startServer } from '../support/server.ts';
import { NODE_APPS } from './serving.ts';

for (const [name, program, answer] of [
  ['node:http', 'plain.cjs', 'Hello World'],
  ['Express 5', 'express.cjs', 'Hello World!'],
  ['Koa 3', 'koa.cjs', 'Hello World'],
  ['Fastify 5', 'fastify.mjs', '{"hello":"world"}'],
  ['Hono', 'hono.mjs', 'Hello Node.js!'],
  ['Nest, in TypeScript with decorators', 'nest/main.ts', 'Hello World!'],
] as const) {
  test(`${name} runs as its documentation has it`, async (t: TestContext) => {
    const app = `./frameworks/${program}`;
    const server = await startServer(t, { app, cwd: NODE_APPS, args: ['--threads', '2'] });
    const reply = await fetch(`${server.url}/`);
    assert.equal(reply.status, 200);
    assert.equal(await reply.text(), answer);
    assert.deepEqual(await server.stop(), { code: 0, signal: null });
  });
}
