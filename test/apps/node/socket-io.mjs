// As Socket.IO's documentation begins: an HTTP server, a Socket.IO server on it, and listen.
import { createServer } from 'node:http';
import { Server } from 'socket.io';

const httpServer = createServer();
const io = new Server(httpServer, {});

io.on('connection', (socket) => {
  socket.join('everybody');
  socket.on('hello', (name, answer) => answer(`hello ${name} by ${socket.conn.transport.name}`));
  socket.on('bytes', (bytes, answer) => answer(bytes));
  socket.on('tell', (text) => io.to('everybody').emit('told', text));
  socket.on('pid', (answer) => answer(process.pid));
});

process.on('SIGTERM', () => process.exit(0));

httpServer.listen(3000);
