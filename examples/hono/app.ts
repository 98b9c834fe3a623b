// A Hono application: its default export is an object with fetch(request), the same that other runtimes take.

import { Hono } from 'hono';
import { streamText } from 'hono/streaming';

const app = new Hono();

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

export default app;
