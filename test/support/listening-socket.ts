// A socket that listens already, for programs that can inherit one: no port need be guessed, and nobody waits for them.

import net from 'node:net';

export interface ListeningSocket {
  /** Of 127.0.0.1. */
  readonly port: number;
  /** A descriptor of ours, for ProgramOptions.inherits. */
  readonly fd: number;
  /** Our own end of it; to be called once the program has been started. */
  close(): void;
}

export async function listeningSocket(): Promise<ListeningSocket> {
  const server = net.createServer();
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as net.AddressInfo;
  const { fd } = Reflect.get(server, '_handle') as { fd: number };
  return { port, fd, close: () => server.close() };
}

/** A port of 127.0.0.1 that nobody listens on, for programs that must be told one. Another may take it meanwhile. */
export async function freePort(): Promise<number> {
  const { port, close } = await listeningSocket();
  close();
  return port;
}
