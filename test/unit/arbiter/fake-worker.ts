// A worker that does nothing but its part of the contract with the arbiter, well or badly: BEHAVIOUR, which comes as
// raw_env, says which. It serves over the handle it asks for and answers with its pid, so the tests see real sockets.

import { writeFileSync } from 'node:fs';
import net from 'node:net';
import type { ToArbiter, ToWorker } from '../../../src/wire/arbiter-worker.ts';
import { heartbeat } from './fleet/heartbeat.ts';

type Start = Extract<ToWorker, { kind: 'start' }>;

const { BEHAVIOUR: behaviour = 'serves', REPORT: report = '' } = process.env;
const servers: net.Server[] = [];
const held = new Set<net.Socket>();
let unanswered = 0;
let spares = behaviour === 'asks-often' ? 500 : 0;

process.on('SIGINT', () => undefined);
process.on('disconnect', () => process.exit(0));
process.on('message', (message: ToWorker, handle: unknown) => hear(message, handle));
if (behaviour !== 'says-nothing') say({ kind: 'hello' });

function say(message: ToArbiter): void {
  process.send?.(message);
}

function hear(message: ToWorker, handle: unknown): void {
  if (message.kind === 'start') begin(message);
  else if (message.kind === 'listener') take(message.index, handle);
  else if (message.kind === 'drain') drain();
  else if (message.kind === 'quit' && behaviour !== 'ignores-quit') process.exit(0);
}

function begin(start: Start): void {
  if (behaviour === 'boot-3') fail(3, 'ModuleNotFoundError: no module named x');
  else if (behaviour === 'boot-4') fail(4, "Failed to find attribute 'x' in 'y'.");
  else if (behaviour === 'third-fails' && start.age > 2) fail(3, 'SyntaxError: gone bad');
  else if (behaviour === 'boot-exits') process.exit(7);
  else if (behaviour === 'boot-hangs') return;
  else if (start.check) say({ kind: 'ready', memoryBytes: 0 });
  else askForListeners(start);
  if (report !== '') writeFileSync(report, JSON.stringify({ cwd: process.cwd(), ...start }));
}

function fail(exitCode: number, message: string): void {
  say({ kind: 'boot-failed', exitCode, message });
  process.exit(exitCode);
}

function askForListeners({ listeners }: Start): void {
  if (listeners === null) throw new Error('no listeners were told');
  unanswered = listeners.length;
  for (const { index } of listeners) say({ kind: 'want-listener', index });
}

function take(index: number, handle: unknown): void {
  if (spares > 0) {
    spares -= 1;
    (handle as { close(): void }).close();
    say({ kind: 'want-listener', index });
    return;
  }
  const server = net.createServer(answer);
  server.on('error', (error) => fail(1, error.message));
  server.on('listening', () => {
    servers.push(server);
    unanswered -= 1;
    if (unanswered === 0) becomeReady();
  });
  // server.listen(handle) would open a Pipe a second time, by its descriptor.
  Object.assign(server, { _handle: handle });
  (Reflect.get(server, '_listen2') as (...args: unknown[]) => void).call(server, null, -1, -1, 64);
}

/** "hold" keeps the connection, and with it a drain, open; "die" and "freeze" do; any other line gets the pid. */
function answer(socket: net.Socket): void {
  socket.on('error', () => undefined);
  socket.on('data', (bytes) => {
    const line = bytes.toString().trim();
    if (line === 'die') process.exit(9);
    if (line === 'freeze') for (;;);
    if (line !== 'hold') {
      socket.end(String(process.pid));
      return;
    }
    held.add(socket);
    socket.write('held');
  });
}

function becomeReady(): void {
  say({ kind: 'ready', memoryBytes: 0 });
  if (behaviour === 'dies-when-ready') process.exit(5);
  setInterval(() => say(heartbeat(held.size, held.size)), 200);
}

function drain(): void {
  if (behaviour === 'ignores-drain') return;
  for (const server of servers) server.close();
  const leaveWhenIdle = (): void => {
    if (held.size === 0) process.exit(0);
  };
  for (const socket of held) {
    socket.on('close', () => {
      held.delete(socket);
      leaveWhenIdle();
    });
  }
  leaveWhenIdle();
}
