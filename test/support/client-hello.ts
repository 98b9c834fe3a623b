// The first message of a TLS client, as Node.js sends it: for clients that stall in the middle of a handshake.

import net from 'node:net';
import tls from 'node:tls';
import { soon } from './eventually.ts';

/** A whole ClientHello, in its record. */
export async function clientHello(): Promise<Buffer> {
  const server = net.createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('it does not listen');
  const said = new Promise<Buffer>((resolve) => {
    server.once('connection', (socket) => {
      socket.once('data', (bytes) => {
        resolve(bytes);
        socket.destroy();
      });
    });
  });
  const client = tls.connect(address.port, '127.0.0.1');
  client.on('error', () => {});
  try {
    return await soon(said, 'a ClientHello');
  } finally {
    client.destroy();
    server.close();
  }
}
