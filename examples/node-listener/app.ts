// A Node.js application as the (req, res) listener one would give to http.createServer, in TypeScript, without a
// build step: the server compiles it when it loads it.

import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream';

export default function app(req: IncomingMessage, res: ServerResponse): void {
  const { pathname } = new URL(req.url ?? '/', 'http://localhost');
  if (pathname === '/') hello(res);
  else if (pathname === '/echo' && req.method === 'POST') echo(req, res);
  else if (pathname === '/events') events(req, res);
  else res.writeHead(404, { 'content-type': 'text/plain' }).end(`nothing at ${pathname}\n`);
}

function hello(res: ServerResponse): void {
  res.setHeader('content-type', 'text/plain; charset=utf-8');
  res.end('Hello from Node.js\n');
}

/** Sends the body back while it arrives; neither side is ever whole in memory. */
function echo(req: IncomingMessage, res: ServerResponse): void {
  res.setHeader('content-type', req.headers['content-type'] ?? 'application/octet-stream');
  pipeline(req, res, () => {});
}

/** Server-sent events: three ticks, each on its way as soon as it is written. */
function events(req: IncomingMessage, res: ServerResponse): void {
  res.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
  let tick = 0;
  const timer = setInterval(() => {
    tick += 1;
    res.write(`data: tick ${tick}\n\n`);
    if (tick === 3) {
      clearInterval(timer);
      res.end();
    }
  }, 100);
  req.on('close', () => clearInterval(timer));
}
