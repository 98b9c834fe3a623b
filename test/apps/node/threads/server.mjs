// An http.Server whose raw sockets do what their path says.
import { createServer } from 'node:http';

/** Its hooks add to it. */
const seen = [];
globalThis.seen = seen;
const server = createServer((_request, response) => response.end(JSON.stringify(seen.splice(0))));
const head = 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: raw\r\n\r\n';

server.on('upgrade', ({ url }, socket) => {
  // Nothing is taken over until something is written: here with the next request.
  if (url === '/late') {
    server.once('request', () => socket.end(`${head}late`));
    return;
  }
  socket.write(head);
  if (url === '/told') socket.end('told');
  else if (url === '/again') socket.pipe(socket);
  else if (url === '/paused') socket.once('data', () => socket.pause());
  else if (url === '/gone') {
    socket.resume();
    socket.on('end', () => seen.push('end'));
    socket.on('error', (error) => seen.push(error.code));
    socket.on('close', () => seen.push('close'));
  } else if (url === '/much') {
    const piece = Buffer.alloc(64 * 1024, 'm');
    let left = 64;
    const more = () => {
      while (left > 0) {
        left -= 1;
        if (!socket.write(piece)) return;
      }
      socket.end();
    };
    socket.on('drain', more);
    more();
  }
});
export default server;
