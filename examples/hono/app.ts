// A Hono application: its default export is an object with fetch(request), the same that other runtimes take.

import { Hono } from 'hono';
import { streamText } from 'hono/streaming';

/** What the server tells of each request: who asks, and more (docs/node.md). */
const app = new Hono<{ Bindings: { address: string } }>();

app.get('/', (c) => c.text('Hello from Hono\n'));

app.get('/greet/:name', (c) => c.json({ hello: c.req.param('name') }));

app.post('/length', async (c) => {
  const body = await c.req.arrayBuffer();
  return c.json({ bytes: body.byteLength });
});

app.get('/count', (c) =>
  streamText(c, async (stream) => {
    for (let number = 1; number <= 5; number++) {
      await stream.writeln(`${number}`);
      await stream.sleep(20);
    }
  }),
);

// Answered at once; what is waited for goes on behind the answer.
app.post('/order', (c) => {
  c.executionCtx.waitUntil(writeDown(`ordered from ${c.env.address}`));
  return c.text('Thank you\n');
});

async function writeDown(line: string): Promise<void> {
  await new Promise((later) => setTimeout(later, 20));
  console.log(line);
}

export default app;
