// A real Redis on a free port of 127.0.0.1, with nothing written to disk, that a test can stop, continue, kill and start again.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

export interface Redis {
  readonly port: number;
  readonly pid: number;
  /** Where its unix socket is. */
  readonly path: string;
  stop(): void;
  go(): void;
  kill(): Promise<void>;
  /** Kills it and removes what it needed. */
  end(): Promise<void>;
}

/** @param port 0: a free one */
export async function startRedis(port = 0, ...more: readonly string[]): Promise<Redis> {
  const folder = await mkdtemp(join(tmpdir(), 'tunicorn-redis-'));
  const chosen = port === 0 ? await freePort() : port;
  const path = join(folder, 'redis.sock');
  const child = spawn(
    'redis-server',
    [
      ...['--port', String(chosen), '--bind', '127.0.0.1', '--unixsocket', path],
      ...['--save', '', '--appendonly', 'no', '--dir', folder],
      ...more,
    ],
    { stdio: 'ignore' },
  );
  await answersAt(chosen, child);
  const kill = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  };
  return {
    port: chosen,
    pid: child.pid ?? 0,
    path,
    stop: () => child.kill('SIGSTOP'),
    go: () => child.kill('SIGCONT'),
    kill,
    end: async () => {
      await kill();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

async function answersAt(port: number, child: ChildProcess): Promise<void> {
  for (;;) {
    if (child.exitCode !== null) throw new Error(`redis-server ended with ${child.exitCode}`);
    const answered = await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1');
      socket.on('error', () => resolve(false));
      socket.on('close', () => resolve(false));
      socket.once('data', () => {
        resolve(true);
        socket.destroy();
      });
      socket.write('PING\r\n');
    });
    // One that wants a password says so.
    if (answered) return;
    await pause(20);
  }
}
