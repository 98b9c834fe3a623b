// Hangs for as many seconds as the query says, else for ever, in an application of either kind (`listener`, `fetching`).
// With a field X-Extend it asks for so many seconds first, with X-Say it says that it has begun. The listener's /events is an event stream that says no more.

import { writeSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

const FOREVER = 100000;

function spin(seconds) {
  const until = performance.now() + seconds * 1000;
  while (performance.now() < until);
}

async function hang(path, seconds) {
  if (path === '/spin') spin(seconds);
  if (path === '/sleep') await sleep(seconds * 1000);
}

export async function listener(req, res) {
  const [path, query] = req.url.split('?');
  if (path === '/events') return void res.write('data: open\n\n');
  // By the descriptor: what it computes from here on keeps a stream from writing.
  if (req.headers['x-say']) writeSync(1, 'begun\n');
  if (req.headers['x-extend']) req.extendTimeout(Number(req.headers['x-extend']));
  await hang(path, Number(query ?? FOREVER));
  res.end('served');
}

export const fetching = {
  async fetch(request, { extendTimeout }) {
    const { pathname, search } = new URL(request.url);
    const extend = request.headers.get('x-extend');
    if (extend !== null) extendTimeout(Number(extend));
    await hang(pathname, Number(search.slice(1) || FOREVER));
    return new Response('served');
  },
};
