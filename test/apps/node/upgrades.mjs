// An http.Server that takes connections over: WebSockets of `ws` (echo at /echo), a raw echo, CONNECT, and refusals.
import { createServer } from 'node:http';
import { WebSocketServer } from 'ws';

const server = createServer((request, response) => {
  response.end(`${request.method} ${request.url} upgrade=${request.upgrade}`);
});
const sockets = new WebSocketServer({ noServer: true });
sockets.on('connection', (socket) => {
  socket.on('error', () => {});
  socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }));
});
server.on('upgrade', (request, socket, head) => {
  sockets.handleUpgrade(request, socket, head, (each) => sockets.emit('connection', each, request));
});
export default server;
