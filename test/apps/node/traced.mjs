// Tells which trace it was given, works for a while, streams, fails and hangs.

import { setTimeout as pause } from 'node:timers/promises';

export default async function listener(request, response) {
  const { pathname, searchParams } = new URL(request.url, 'http://x');
  const { traceparent: parent = null, tracestate: state = null } = request.headers;
  if (pathname === '/told') response.end(JSON.stringify({ parent, state }));
  else if (pathname === '/raw') response.end(request.rawHeaders.join('\n'));
  else if (pathname === '/work') {
    await pause(Number(searchParams.get('ms')));
    response.end('done');
  } else if (pathname === '/stream') {
    response.write('first');
    await pause(50);
    response.end('last');
  } else if (pathname === '/fail') {
    response.statusCode = 500;
    response.end();
  } else if (pathname !== '/hang') response.end('hello');
}
