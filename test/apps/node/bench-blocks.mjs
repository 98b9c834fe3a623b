// Trivial requests, and ones that hold the thread they run in, for the bench: as an export, or with a port and a number as
// arguments alone on node:http, in as many processes.

import cluster from 'node:cluster';
import { pbkdf2Sync } from 'node:crypto';
import http from 'node:http';

export default function app(req, res) {
  const [path, query] = req.url.split('?');
  // Holds the thread, and no processor.
  if (path === '/wait') Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, Number(query));
  if (path === '/work') pbkdf2Sync('password', 'salt', Number(query), 32, 'sha256');
  res.end('ok');
}

if (import.meta.url === `file://${process.argv[1]}`) {
  const [, , port, processes] = process.argv.map(Number);
  if (!cluster.isPrimary) http.createServer(app).listen(port, '127.0.0.1');
  else for (let each = 0; each < processes; each++) cluster.fork();
  process.once('SIGTERM', () => process.exit());
}
