// Answers every request with its method, its target as it was sent, and its body.

export default function listener(request, response) {
  const pieces = [Buffer.from(`${request.method} ${request.url}\n`, 'latin1')];
  request.on('data', (piece) => pieces.push(piece));
  request.on('error', () => {});
  request.on('end', () => response.end(Buffer.concat(pieces)));
}
