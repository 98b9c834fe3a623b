// A (req, res) listener with one path for each thing that Node.js applications do with the two objects.

import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream';

const gone = [];

const views = {
  '/': (_req, res) => res.end('Hello from a listener\n'),
  '/echo': (req, res) => {
    res.setHeader('content-type', 'application/octet-stream');
    pipeline(req, res, () => {});
  },
  '/seen': async (req, res) => {
    let bytes = 0;
    for await (const piece of req) bytes += piece.length;
    res.setHeader('content-type', 'application/json');
    res.end(
      JSON.stringify({
        method: req.method,
        url: req.url,
        version: req.httpVersion,
        headers: req.headers,
        rawHeaders: req.rawHeaders,
        remote: req.socket.remoteAddress,
        complete: req.complete,
        bytes,
      }),
    );
  },
  '/fields': (_req, res) => {
    res.setHeader('X-One', '1');
    res.setHeader('Set-Cookie', ['a=1', 'b=2']);
    res.appendHeader('Set-Cookie', 'c=3');
    res.setHeader('X-Gone', 'no');
    res.removeHeader('X-Gone');
    res.statusCode = 201;
    res.statusMessage = 'Made It';
    res.end('fields');
  },
  '/write-head': (_req, res) => {
    res.writeHead(202, 'Taken', { 'Content-Length': 4, 'X-Two': '2' });
    res.end('took');
  },
  '/no-content': (_req, res) => res.writeHead(204).end(),
  '/not-modified': (_req, res) => res.writeHead(304, { etag: '"x"' }).end(),
  '/pieces': async (_req, res) => {
    for (const piece of ['one ', 'two ', 'three']) {
      if (!res.write(piece)) await once(res, 'drain');
    }
    res.end();
  },
  '/step': (req, res) => {
    res.write('first');
    // The fifo that the query names: the second piece is made only when the test has written to it.
    createReadStream(new URL(req.url, 'http://x').searchParams.get('fifo'))
      .resume()
      .on('end', () => res.end('second'));
  },
  '/hints': (_req, res) => {
    res.writeEarlyHints({ link: '</style.css>; rel=preload' });
    res.end('hinted');
  },
  '/trailers': (_req, res) => {
    res.writeHead(200, { trailer: 'X-Sum' });
    res.write('body');
    res.addTrailers({ 'X-Sum': '4' });
    res.end();
  },
  '/throw': () => {
    throw new Error('thrown on purpose');
  },
  '/reject': async () => {
    throw new Error('rejected on purpose');
  },
  '/reject-late': async (_req, res) => {
    res.end('answered');
    throw new Error('rejected late on purpose');
  },
  '/throw-late': (_req, res) => {
    res.write('begun');
    throw new Error('thrown after the head');
  },
  '/endless': async (req, res) => {
    const name = new URL(req.url, 'http://x').searchParams.get('name');
    let open = true;
    res.on('close', () => {
      open = false;
      gone.push(name);
    });
    while (open) {
      if (!res.write(Buffer.alloc(65536)))
        await Promise.race([once(res, 'drain'), once(res, 'close')]);
      else await new Promise((resolve) => setImmediate(resolve));
    }
  },
  '/never': (req, res) => {
    res.on('close', () => gone.push(new URL(req.url, 'http://x').searchParams.get('name')));
  },
  '/gone': (_req, res) => res.end(JSON.stringify(gone)),
  '/big': async (req, res) => {
    const pieces = 16 * Number(new URL(req.url, 'http://x').searchParams.get('mib'));
    for (let sent = 0; sent < pieces; sent++) {
      if (!res.write(Buffer.alloc(65536))) await once(res, 'drain');
    }
    res.end();
  },
};

export default function app(req, res) {
  const view = views[req.url.split('?')[0]];
  if (view) return view(req, res);
  res.writeHead(404).end();
}
