// Answers as the query says: status, fields ("Name: value"), pieces of the body, early hints, the time. Reads the body of the
// request only when the query says so.

export default async function listener(request, response) {
  const query = new URL(request.url, 'http://x').searchParams;
  if (query.has('clock'))
    response.setHeader('x-clock', String(performance.timeOrigin + performance.now()));
  if (query.has('hint')) response.writeEarlyHints({ link: '</a.css>; rel=preload' });
  if (query.has('read')) for await (const _piece of request);
  const [, code, reason] = /^(\d+) ?(.*)$/s.exec(query.get('status') ?? '200 OK');
  response.statusCode = Number(code);
  response.statusMessage = reason;
  for (const field of query.getAll('field')) {
    const colon = field.indexOf(': ');
    response.appendHeader(field.slice(0, colon), field.slice(colon + 2));
  }
  const pieces = query.getAll('piece').map((piece) => Buffer.from(piece, 'latin1'));
  if (query.has('whole')) {
    response.end(Buffer.concat(pieces));
    return;
  }
  for (const piece of pieces) response.write(piece);
  response.end();
}
