// The smallest (req, res) application, for the bench: as an export, or alone on node:http with a port as argument.

import http from 'node:http';

export default function app(_req, res) {
  res.setHeader('content-type', 'text/plain');
  res.end('Hello, World!');
}

if (import.meta.url === `file://${process.argv[1]}`) {
  http.createServer(app).listen(Number(process.argv[2]), '127.0.0.1');
}
