// The smallest (req, res) application, for the bench: as an export, or alone on node:http with a port as argument.

import http from 'node:http';

export default function app(_req, res) {
  res.setHeader('content-type', 'text/plain');
  res.end('Hello, World!');
}

if (process.argv[2] !== undefined) {
  http.createServer(app).listen(Number(process.argv[2]), '127.0.0.1');
}
