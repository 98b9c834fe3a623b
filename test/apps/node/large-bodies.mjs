// What test/apps/wsgi/large_bodies.py does, as a (req, res) listener: POST tells bytes and SHA-256 of the body, GET /N
// makes N mebibytes, of which number k is filled with the byte k % 251.

import { createHash } from 'node:crypto';
import { once } from 'node:events';

export default async function app(req, res) {
  if (req.method === 'POST') return upload(req, res);
  const mebibytes = Number(req.url.slice(1));
  res.writeHead(200, {
    'content-type': 'application/octet-stream',
    'content-length': mebibytes * 2 ** 20,
  });
  for (let index = 0; index < mebibytes * 16; index++) {
    if (!res.write(Buffer.alloc(65536, Math.floor(index / 16) % 251))) await once(res, 'drain');
  }
  res.end();
}

async function upload(req, res) {
  const digest = createHash('sha256');
  let bytes = 0;
  for await (const piece of req) {
    bytes += piece.length;
    digest.update(piece);
  }
  res.end(JSON.stringify({ bytes, sha256: digest.digest('hex') }));
}
