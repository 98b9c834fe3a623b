// Receivers for what servers send to others: datagrams over UDP, and a unix socket held by Python.

import dgram from 'node:dgram';
import { once } from 'node:events';
import type { TestContext } from 'node:test';
import { Program } from './program.ts';

/** Gives the port of 127.0.0.1 whose datagrams are heard. */
export async function receiveUdp(
  t: TestContext,
  hear: (datagram: string) => void,
): Promise<number> {
  const socket = dgram.createSocket('udp4');
  socket.on('message', (bytes) => hear(bytes.toString()));
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  t.after(() => socket.close());
  return socket.address().port;
}

const RECEIVER = `
import socket, sys
kind, path = sys.argv[1], sys.argv[2]
path = "\\0" + path[1:] if path.startswith("@") else path
inbox = socket.socket(socket.AF_UNIX, getattr(socket, kind))
inbox.bind(path)
if kind == "SOCK_STREAM":
    inbox.listen(5)
print("bound", flush=True)
if kind == "SOCK_STREAM":
    inbox = inbox.accept()[0]
while True:
    print(repr(inbox.recv(100000)), flush=True)
`;

/** Prints what it receives, a line of repr for each; can be sent to once this resolves. @param path of an abstract socket: @name */
export async function receiveUnix(
  t: TestContext,
  path: string,
  kind: 'SOCK_DGRAM' | 'SOCK_STREAM' = 'SOCK_DGRAM',
): Promise<Program> {
  const args = ['-c', RECEIVER, kind, path];
  const receiver = new Program(t, { command: '/usr/bin/python3', args });
  await receiver.line(/bound/);
  return receiver;
}
