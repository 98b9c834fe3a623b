// Starts the arbiter over a fake worker for one test, and talks to that worker in its one-line protocol.

import net from 'node:net';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { resolveSettings } from '../../../src/settings/resolve.ts';
import { soon } from '../../support/eventually.ts';
import { Program, type ProgramOptions } from '../../support/program.ts';

const runner = fileURLToPath(new URL('../../../test-programs/arbiter.js', import.meta.url));
const worker = new URL('./fake-worker.js', import.meta.url);
const app = fileURLToPath(worker);

export interface ArbiterOptions {
  /** What the fake workers do; see fake-worker.ts. */
  readonly behaviour?: string;
  /** Options as on the command line. */
  readonly args?: readonly string[];
  /** A WSGI application instead of the Node.js one that is never loaded. */
  readonly app?: string;
  readonly bind?: string;
  readonly check?: boolean;
  readonly program?: Partial<ProgramOptions>;
}

export async function launchArbiter(
  t: TestContext,
  options: ArbiterOptions = {},
): Promise<Program> {
  const bind = options.bind ?? '127.0.0.1:0';
  const behaviour = `BEHAVIOUR=${options.behaviour ?? 'serves'}`;
  const argv = ['--bind', bind, '--env', behaviour, ...(options.args ?? []), options.app ?? app];
  const cwd = options.program?.cwd ?? process.cwd();
  const { settings } = await resolveSettings({ argv, env: {}, cwd });
  return new Program(t, {
    command: process.execPath,
    args: [runner, JSON.stringify(settings), worker.href, ...(options.check ? ['check'] : [])],
    ...options.program,
  });
}

/** Started, with `ready` workers ready; the port is the real one. */
export async function startArbiter(
  t: TestContext,
  options: ArbiterOptions = {},
  ready = 1,
): Promise<{ arbiter: Program; port: number }> {
  const arbiter = await launchArbiter(t, options);
  const [, port] = await arbiter.line(/Listening at: (?:http:\/\/127\.0\.0\.1:(\d+)|unix:)/);
  await arbiter.line(/Worker ready \(pid: \d+\)/, ready);
  return { arbiter, port: Number(port ?? 0) };
}

/** Says a line to a worker and gives back what it answers until it closes; '' when it dies of it. */
export function ask(t: TestContext, target: number | string, line: string): Promise<string> {
  const socket =
    typeof target === 'number' ? net.connect(target, '127.0.0.1') : net.connect(target);
  t.after(() => socket.destroy());
  const answered = new Promise<string>((resolve, reject) => {
    let text = '';
    socket.on('connect', () => socket.write(`${line}\n`));
    socket.on('data', (bytes) => {
      text += bytes.toString();
    });
    socket.on('end', () => resolve(text));
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ECONNRESET') resolve(text);
      else reject(error);
    });
  });
  return soon(answered, `an answer to ${line}`);
}

/** Opens a connection that the worker counts as work under way; resolves once it does. */
export async function hold(t: TestContext, port: number): Promise<net.Socket> {
  const socket = net.connect(port, '127.0.0.1');
  t.after(() => socket.destroy());
  socket.on('error', () => undefined);
  socket.write('hold\n');
  await soon(
    new Promise((resolve) => {
      socket.once('data', resolve);
    }),
    'the worker to hold a connection',
  );
  return socket;
}
