// The worker process: speaks with the arbiter over IPC and carries one Worker from boot to exit. When the arbiter is
// gone (the channel closes) it finishes what it has and leaves; it never outlives the loss by more than graceful_timeout.

import { createLog } from '../observe/log.ts';
import { decideApp } from '../settings/app-spec.ts';
import type { ToArbiter, ToWorker } from '../wire/arbiter-worker.ts';
import type { ListeningHandle } from './acceptor.ts';
import { Worker } from './worker.ts';

const HEARTBEAT_MS = 1000;

let worker: Worker | null = null;
let leaving = false;
let graceMs = 30_000;

function say(message: ToArbiter): void {
  // The callback takes the error of a channel that has closed: `disconnect` tells the same.
  if (process.connected) process.send?.(message, undefined, undefined, () => {});
}

function isToWorker(message: unknown): message is ToWorker {
  return typeof message === 'object' && message !== null && 'kind' in message;
}

process.on('message', (message: unknown, handle: unknown) => {
  if (!isToWorker(message)) return;
  if (message.kind === 'start') void start(message);
  else if (message.kind === 'listener') worker?.provide(message.index, handle as ListeningHandle);
  else if (message.kind === 'drain') void leave();
  else quit();
});
process.on('disconnect', () => void leave());
// Ctrl-C and a closed terminal reach the whole process group: the arbiter decides, and tells us. The others would end
// the process, or open Node.js's inspector (USR1), if nobody listened.
for (const signal of ['SIGINT', 'SIGHUP', 'SIGUSR1', 'SIGUSR2'] as const) {
  process.on(signal, () => {});
}
process.on('SIGTERM', () => void leave());
process.on('SIGQUIT', () => quit());
say({ kind: 'hello' });

async function start(message: Extract<ToWorker, { kind: 'start' }>): Promise<void> {
  const { settings } = message;
  graceMs = settings.graceful_timeout * 1000;
  const log = createLog({
    level: settings.loglevel,
    destination: settings.errorlog,
    json: settings.log_json,
  });
  const heartbeat = setInterval(() => {
    const counts = worker?.countConnections() ?? { openConnections: 0, mostConnections: 0 };
    say({ kind: 'heartbeat', ...counts });
  }, HEARTBEAT_MS);
  heartbeat.unref();
  try {
    worker = new Worker({
      settings,
      app: decideApp(settings),
      python: message.python,
      probe: message.probe,
      listeners: message.listeners,
      log,
      wantListener: (index) => say({ kind: 'want-listener', index }),
      listenFailed: (text) => bootFailed(1, text),
    });
    await worker.load();
  } catch (error) {
    bootFailed(exitCodeOf(error), error instanceof Error ? error.message : String(error));
    return;
  }
  if (!message.check && !leaving) await worker.serve();
  say({ kind: 'ready' });
  if (message.check) await leave();
}

function exitCodeOf(error: unknown): number {
  const code = error instanceof Error && 'exitCode' in error ? error.exitCode : 3;
  return typeof code === 'number' ? code : 3;
}

function bootFailed(exitCode: number, message: string): void {
  worker?.kill();
  const farewell: ToArbiter = { kind: 'boot-failed', exitCode, message };
  // The exit waits until the reason is on its way, but not for ever.
  setTimeout(() => process.exit(exitCode), 1000).unref();
  if (process.connected)
    process.send?.(farewell, undefined, undefined, () => process.exit(exitCode));
  else process.exit(exitCode);
}

/** Graceful: finish what is under way, then exit 0. */
async function leave(): Promise<void> {
  if (leaving) return;
  leaving = true;
  setTimeout(quit, graceMs).unref();
  await worker?.drain();
  await worker?.stop();
  process.exit(0);
}

function quit(): void {
  worker?.kill();
  process.exit(0);
}
