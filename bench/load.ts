// How the benches put load on a server and take it off again: start a command and wait until it answers, wrk for the
// rate, and a client of our own that counts how many of its connections are served at all, which wrk does not tell.

import { type ChildProcess, execFile, spawn } from 'node:child_process';
import net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import tls from 'node:tls';
import { promisify } from 'node:util';
import { descendantsOf } from '../test/support/processes.ts';
import { endsWithBench, killIfThere } from './leave-nothing.ts';

export { freePort } from '../test/support/listening-socket.ts';

const REQUEST = 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n';

export type Scheme = 'http' | 'https';

export interface Running {
  readonly pid: number;
  readonly port: number;
  stop(): Promise<void>;
}

export interface StartOptions {
  readonly env?: NodeJS.ProcessEnv;
  readonly patienceMs?: number;
}

/** How often it is asked whether it answers. */
const ASK_MS = 50;

/**
 * Starts a server in `cwd` and waits until it answers a request; what it prints is shown only if it does not. A command
 * that has ended with 0 may have started one behind.
 */
export async function start(
  command: readonly string[],
  cwd: string,
  port: number,
  scheme: Scheme = 'http',
  { env = process.env, patienceMs = 10_000 }: StartOptions = {},
): Promise<Running> {
  const [program = '', ...args] = command;
  const child = spawn(program, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  if (child.pid !== undefined) child.once('exit', endsWithBench(child.pid));
  let output = '';
  child.stdout.on('data', (text) => (output = (output + text).slice(-4000)));
  child.stderr.on('data', (text) => (output = (output + text).slice(-4000)));
  child.on('error', (error) => (output += error.message));
  for (let waitedMs = 0; waitedMs < patienceMs; waitedMs += ASK_MS) {
    if (child.exitCode !== null && child.exitCode !== 0) break;
    if (await answers(port, scheme)) return { pid: child.pid ?? 0, port, stop: () => stop(child) };
    await sleep(ASK_MS);
  }
  await stop(child);
  throw new Error(`${command.join(' ')} did not answer:\n${output}`);
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  const family = descendantsOf(child.pid ?? 0);
  child.kill('SIGTERM');
  const late = setTimeout(() => killIfThere(child.pid ?? 0), 4000);
  await ended;
  clearTimeout(late);
  // What it left behind, such as processes that never look up.
  for (const pid of family) killIfThere(pid);
}

/** A connection that the certificate of a bench does not keep from. */
function connect(port: number, scheme: Scheme, ready: () => void): net.Socket {
  const to = { port, host: '127.0.0.1' };
  if (scheme === 'http') return net.connect(to, ready);
  return tls.connect({ ...to, rejectUnauthorized: false }, ready);
}

/** One request on a connection of its own: whether it was answered 200. */
export function answers(port: number, scheme: Scheme): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, scheme, () => socket.write(REQUEST));
    socket.setTimeout(1000, () => socket.destroy());
    socket.once('data', (bytes) => {
      resolve(bytes.toString('latin1').startsWith('HTTP/1.1 200'));
      socket.destroy();
    });
    socket.once('error', () => resolve(false));
    socket.once('close', () => resolve(false));
  });
}

/** Requests a second of wrk with one thread. wrk counts whole seconds; for less it is told when to stop. */
export async function rate(
  port: number,
  connections: number,
  seconds: number,
  scheme: Scheme = 'http',
): Promise<number> {
  const whole = Math.ceil(seconds);
  const args = ['-t1', `-c${connections}`, `-d${whole}s`, `${scheme}://127.0.0.1:${port}/`];
  const running = promisify(execFile)('wrk', args);
  if (whole > seconds) setTimeout(() => running.child.kill('SIGINT'), seconds * 1000);
  try {
    const { stdout } = await running;
    return Number(/Requests\/sec:\s+([\d.]+)/.exec(stdout)?.[1] ?? 0);
  } catch (error) {
    // On a busy machine it was told before it had begun to listen to that.
    if (running.child.signalCode !== 'SIGINT') throw error;
    return rate(port, connections, 2 * seconds, scheme);
  }
}

/**
 * Opens `connections` keep-alive connections that each send one request after the other for `seconds`, and come again
 * when they are closed. Gives how many of these clients got at least one answer.
 */
export async function clientsServed(
  port: number,
  connections: number,
  seconds: number,
): Promise<number> {
  const endMs = performance.now() + seconds * 1000;
  const clients = Array.from({ length: connections }, () => persistentClient(port, endMs));
  return (await Promise.all(clients)).filter((answered) => answered > 0).length;
}

async function persistentClient(port: number, endMs: number): Promise<number> {
  let answered = 0;
  while (performance.now() < endMs) {
    await new Promise<void>((resolve) => {
      const socket = net.connect(port, '127.0.0.1', () => socket.write(REQUEST));
      const stopTimer = setTimeout(() => socket.destroy(), endMs - performance.now());
      socket.on('data', (bytes) => {
        // The responses are small and come in one piece; what is cut in two is counted once all the same.
        if (!bytes.toString('latin1').startsWith('HTTP/1.1 200')) return;
        answered += 1;
        socket.write(REQUEST);
      });
      socket.on('error', () => {});
      socket.on('close', () => {
        clearTimeout(stopTimer);
        resolve();
      });
    });
    // A server that refuses connections is not asked in a loop without a pause.
    await sleep(5);
  }
  return answered;
}

export function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? 0) + upper) / 2;
}

/** Of the table that a bench prints. */
export function printRow(cells: readonly string[]): void {
  console.log(`| ${cells.join(' | ')} |`);
}
