// The smallest fetch application, for the bench: as an export, or alone on @hono/node-server with a port as argument.

const app = {
  fetch: () => new Response('Hello, World!', { headers: { 'content-type': 'text/plain' } }),
};

export default app;

if (process.argv[2] !== undefined) {
  const { serve } = await import('@hono/node-server');
  serve({ fetch: app.fetch, port: Number(process.argv[2]), hostname: '127.0.0.1' });
}
