// An http.Server that takes connections over: WebSockets of `ws` (/echo), raw protocols of all manners, CONNECT, and refusals.
import { createServer } from 'node:http';
import { threadId } from 'node:worker_threads';
import { WebSocketServer } from 'ws';

/** What was seen of each raw connection, by its path. */
const seen = {};

const server = createServer((request, response) => {
  if (request.url === '/seen') response.end(JSON.stringify(seen));
  else if (request.url === '/slow') setTimeout(() => response.end('slow'), 300);
  else if (request.url === '/thread') response.end(String(threadId));
  else if (request.url === '/pid') response.end(String(process.pid));
  else response.end(`${request.method} ${request.url}: no upgrade`);
});
server.shouldUpgradeCallback = (request) => request.headers['x-no-upgrade'] === undefined;

const echo = new WebSocketServer({ noServer: true, maxPayload: 32 * 1024 * 1024 });
const deflate = new WebSocketServer({ noServer: true, perMessageDeflate: true });
for (const sockets of [echo, deflate]) {
  sockets.on('connection', (socket) => {
    socket.on('error', () => {});
    socket.on('message', (data, isBinary) => {
      if (String(data) === 'exit') process.exit(7);
      if (String(data) === 'spin') for (;;);
      socket.send(data, { binary: isBinary });
    });
  });
}
/** Sends the first frame of a message at once, and the others when it is told to go on. */
const fragments = new WebSocketServer({ noServer: true });
fragments.on('connection', (socket) => {
  socket.send('one ', { fin: false });
  socket.once('message', () => {
    socket.send('two ', { fin: false });
    socket.send('three');
  });
});
const refusing = new WebSocketServer({ noServer: true, verifyClient: () => false });

const HEAD = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: raw\r\n\r\n';
const raw = {
  /** Says it again, and ends when the client does. */
  again: (socket) => socket.pipe(socket),
  /** Ends its half at once; goes on reading. */
  half: (socket) => {
    socket.end('bye');
    let text = '';
    socket.setEncoding('latin1').on('data', (more) => (text += more));
    socket.on('end', () => (seen.half = text));
  },
  /** As many bytes as the client takes. */
  flood: (socket) => {
    const facts = { waiting: 0, written: 0, closed: false };
    seen.flood = facts;
    const piece = Buffer.alloc(64 * 1024, 'f');
    const more = () => {
      while (!socket.destroyed && socket.write(piece));
      facts.written = socket.bytesWritten;
      facts.waiting = Math.max(facts.waiting, socket.writableLength);
    };
    socket.on('drain', more).on('close', () => (facts.closed = true));
    more();
  },
  /** Reads a little, then nothing until it is told to, by a request. */
  lazy: (socket) => {
    seen.lazy = 0;
    socket.once('data', (bytes) => {
      seen.lazy += bytes.length;
      socket.pause();
      server.once('go on', () => {
        socket.on('data', (more) => {
          seen.lazy += more.length;
        });
        socket.on('end', () => socket.end(String(seen.lazy)));
        socket.resume();
      });
    });
  },
  /** What Node.js's own socket would tell. */
  facts: (socket) => {
    socket.setNoDelay(true).setKeepAlive(true).ref().unref();
    socket.cork();
    socket.write('one ');
    socket.write('two ', () => {
      const { bytesRead, bytesWritten, writableLength, readyState, remoteAddress } = socket;
      socket.end(
        JSON.stringify({ bytesRead, bytesWritten, writableLength, readyState, remoteAddress }),
      );
    });
    socket.uncork();
  },
  timeout: (socket) => socket.setTimeout(50, () => socket.end('timed out')),
  soon: (socket) => {
    socket.write('x'.repeat(100_000));
    socket.destroySoon();
  },
  reset: (socket) => {
    socket.on('error', ({ code }) => (seen.reset = code));
    socket.on('close', () => (seen.resetClosed = true));
    socket.resume();
  },
};

server.on('upgrade', (request, socket, head) => {
  const path = request.url.slice(1);
  const sockets = { echo, deflate, fragments }[path];
  if (sockets) {
    sockets.handleUpgrade(request, socket, head, (each) => sockets.emit('connection', each));
  } else if (path === 'refuse') refusing.handleUpgrade(request, socket, head, () => {});
  else if (path === 'destroy') socket.destroy();
  else if (path === 'write-destroy') {
    socket.write('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n');
    socket.destroy();
  } else if (path === 'throw') throw new Error('on purpose');
  else if (path === 'never') socket.on('close', () => (seen.never = true));
  else if (raw[path]) {
    socket.write(HEAD);
    if (head.length > 0) socket.unshift(head);
    raw[path](socket);
  } else socket.end('HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
});
server.on('connect', (request, socket, head) => {
  socket.write('HTTP/1.1 200 Connection Established\r\n\r\n');
  if (head.length > 0) socket.unshift(head);
  socket.write(`to ${request.url} `);
  socket.pipe(socket);
});
server.on('request', (request) => {
  if (request.url === '/go-on') server.emit('go on');
});
export default server;
