// Answers, or does not, in every way that an end code of the access log tells apart; the paths are those of
// wsgi/endings.py.

const BIG = Buffer.alloc(12 * 1024 * 1024, 'b');

export default function app(request, response) {
  const [path] = request.url.split('?');
  if (path === '/raise') throw new Error('before the head');
  if (path === '/die') process.exit(1);
  if (path === '/hang') return;
  if (['/stall', '/late', '/steps', '/big-late', '/big-and-on'].includes(path)) {
    response.write(path.startsWith('/big') ? BIG : 'first');
    if (path === '/steps') setInterval(() => response.write('next'), 20).unref();
    // Behind so much the client must have been slower for a while.
    const lateMs = path === '/late' ? 20 : 700;
    if (path.endsWith('late')) setTimeout(() => response.destroy(new Error('late')), lateMs);
    return;
  }
  if (path === '/short') {
    response.setHeader('Content-Length', 10);
    response.end('short');
    return;
  }
  const body = path === '/big' ? BIG : 'ok';
  if (path === '/pause') setTimeout(() => response.end(body), 200);
  else response.end(body);
}
