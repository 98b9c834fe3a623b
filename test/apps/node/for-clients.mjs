// What test/apps/wsgi/for_clients.py does, as a (req, res) listener.

import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { gzipSync } from 'node:zlib';

const BLOCK = Buffer.from(Array.from({ length: 251 }, (_, n) => (n * 7) % 251));
const PIECE = 50_000;

function pattern(start, end) {
  const body = Buffer.alloc(Math.max(0, end - start));
  for (let at = 0; at < body.length; ) {
    at += BLOCK.copy(body, at, (start + at) % BLOCK.length);
  }
  return body;
}

export default async function app(req, res) {
  const [, name, number] = req.url.split('/');
  res.setHeader('X-Client-Port', String(req.socket.remotePort));
  res.setHeader('X-Method', req.method);
  if (name === 'hash') await hash(req, res);
  else if (name === 'bytes') bytes(req, res, Number(number));
  else if (name === 'pieces') await pieces(res, Number(number));
  else if (name === 'gzip') gzip(req, res);
  else if (name === 'redirect') res.writeHead(302, { location: '/bytes/10' }).end();
  else res.end('ignored');
}

async function hash(req, res) {
  const digest = createHash('sha256');
  let count = 0;
  for await (const piece of req) {
    count += piece.length;
    digest.update(piece);
  }
  res.setHeader('Content-Type', 'application/json');
  res.end(JSON.stringify({ method: req.method, bytes: count, sha256: digest.digest('hex') }));
}

function bytes(req, res, size) {
  const asked = /^bytes=(\d+)-(\d*)$/.exec(req.headers.range ?? '');
  if (asked === null) {
    res.writeHead(200, { 'accept-ranges': 'bytes', 'content-length': size }).end(pattern(0, size));
    return;
  }
  const start = Number(asked[1]);
  const last = Math.min(asked[2] === '' ? size - 1 : Number(asked[2]), size - 1);
  if (start >= size) res.writeHead(416, { 'content-range': `bytes */${size}` }).end();
  else {
    const body = pattern(start, last + 1);
    res.writeHead(206, { 'content-range': `bytes ${start}-${last}/${size}` }).end(body);
  }
}

async function pieces(res, size) {
  for (let at = 0; at < size; at += PIECE) {
    if (!res.write(pattern(at, Math.min(size, at + PIECE)))) await once(res, 'drain');
  }
  res.end();
}

function gzip(req, res) {
  const text = 'compressed '.repeat(500);
  if (!/gzip/.test(req.headers['accept-encoding'] ?? '')) res.end(text);
  else res.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(text));
}
