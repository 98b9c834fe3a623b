// The worker process: speaks with the arbiter over IPC and carries one Worker from boot to exit. When the arbiter is
// gone (the channel closes) it finishes what it has and leaves; it never outlives the loss by more than graceful_timeout.
// How it ends is in ending.ts.

import { later } from '../clock.ts';
import { messageOf } from '../message-of.ts';
import { createLog, type ErrorLog } from '../observe/log.ts';
import { decideApp } from '../settings/app-spec.ts';
import { errorLogOptions } from '../settings/error-log.ts';
import { processTitle, serverName } from '../settings/process-name.ts';
import type { AskedAddress } from '../wire/addresses.ts';
import type { ListenerAddress, ToWorker } from '../wire/arbiter-worker.ts';
import type { Question } from '../wire/control.ts';
import type { ListeningHandle } from './accepting/acceptor.ts';
import { applicationMaker } from './application/make-application.ts';
import { shareLoop } from './application/shared-loop.ts';
import { endedSoon, endProcess, exitNow, mayExit, say, sayLast } from './ending.ts';
import { type WorkerLimits, workerLimits } from './limits/client-limits.ts';
import { TroubleTeller } from './telemetry/trouble-teller.ts';
import { Worker } from './worker.ts';

const HEARTBEAT_MS = 1000;

const troubles = new TroubleTeller({ say: (trouble) => say({ kind: 'trouble', trouble }), later });
let worker: Worker | null = null;
let limits: WorkerLimits | null = null;
let log: ErrorLog | null = null;
let leaving = false;
let graceMs = 30_000;
/** All workers of the arbiter. */
let workers = 1;

function isToWorker(message: unknown): message is ToWorker {
  return typeof message === 'object' && message !== null && 'kind' in message;
}

process.on('message', (message: unknown, handle: unknown) => {
  if (!isToWorker(message)) return;
  if (message.kind === 'start') void start(message);
  else if (message.kind === 'listener') worker?.provide(message.index, handle as ListeningHandle);
  else if (message.kind === 'listeners') void serve(message.listeners);
  else if (message.kind === 'cannot-listen') void bootFailed(1, message.message);
  else if (message.kind === 'leased') limits?.counts.heard(message);
  else if (message.kind === 'count-limits') limits?.counts.countAlone(message.alone);
  else if (message.kind === 'workers') beOneOf(message.workers);
  else if (message.kind === 'reopen-logs') reopenLogs();
  else if (message.kind === 'ask') void answer(message.id, message.question);
  else if (message.kind === 'drain') void leave();
  else void quitAsTold();
});
process.on('disconnect', () => void leave());
// Ctrl-C and a closed terminal reach the whole process group: the arbiter decides, and tells us. The others would end
// the process, or open Node.js's inspector (USR1), if nobody listened.
// A file that reaches the limit for its size (`ulimit -f`) is an error of the write, and no reason to die (XFSZ).
for (const signal of ['SIGINT', 'SIGHUP', 'SIGUSR1', 'SIGUSR2', 'SIGXFSZ'] as const) {
  process.on(signal, () => {});
}
process.on('SIGTERM', () => void leave());
process.on('SIGQUIT', () => void quitAsTold());
say({ kind: 'hello' });

async function start(message: Extract<ToWorker, { kind: 'start' }>): Promise<void> {
  const { settings } = message;
  graceMs = settings.graceful_timeout * 1000;
  workers = message.workers;
  process.title = processTitle('worker', serverName(settings));
  if (settings.umask !== null) process.umask(settings.umask);
  const opened = createLog(errorLogOptions(settings));
  log = opened;
  setInterval(beat, HEARTBEAT_MS).unref();
  let asked: AskedAddress | null;
  if (settings.threads === 0) shareLoop(opened, () => worker?.underWay() ?? '');
  try {
    const app = decideApp(settings);
    limits = workerLimits(settings, message.networks, opened, say);
    worker = new Worker({
      settings,
      app,
      maker: await applicationMaker(app, settings.threads),
      place: message.place,
      workers,
      python: message.python,
      preload: message.preload,
      tls: message.tls,
      limits,
      probe: message.probe,
      hooks: message.hooks,
      processChanged: (pid, alive) => say({ kind: 'application', pid, alive }),
      listeners: message.listeners,
      log: opened,
      trouble: (about, code, sentence) => troubles.tell(about, code, sentence),
      wantListener: (index) => say({ kind: 'want-listener', index }),
      listenFailed: (text) => void bootFailed(1, text),
      loadedFiles: settings.reload
        ? (files, sinceMs) => say({ kind: 'loaded-files', files, sinceMs })
        : null,
      replaceMe: (reason, { routine = false, serves = true } = {}) =>
        say({ kind: 'replace-me', reason, graceful: true, routine, serves }),
    });
    asked = await worker.load();
  } catch (error) {
    await bootFailed(exitCodeOf(error), messageOf(error));
    return;
  }
  if (message.check) {
    sayReady(worker);
    await leave();
  } else if (message.listeners === null && !leaving) say({ kind: 'loaded', asked });
  else await serve(message.listeners ?? []);
}

function beat(): void {
  if (worker !== null) say({ kind: 'heartbeat', counts: worker.counts(), tally: worker.tally });
}

/** What it has counted and what has gone wrong since the last time would be lost. */
function tellTheRest(): void {
  troubles.flush();
  limits?.counts.tellAll();
  beat();
}

async function serve(listeners: readonly ListenerAddress[]): Promise<void> {
  if (worker === null) return;
  if (!leaving) await worker.serve(listeners);
  sayReady(worker);
}

function sayReady(loaded: Worker): void {
  say({ kind: 'ready', memoryBytes: loaded.counts().memoryBytes });
}

async function answer(id: number, question: Question): Promise<void> {
  if (worker === null) return;
  say({ kind: 'answer', id, answer: await worker.answer(question) });
}

function beOneOf(count: number): void {
  workers = count;
  worker?.beOneOf(count);
}

function reopenLogs(): void {
  log?.reopen();
  worker?.reopenLogs();
}

function exitCodeOf(error: unknown): number {
  const code = error instanceof Error && 'exitCode' in error ? error.exitCode : 3;
  return typeof code === 'number' ? code : 3;
}

async function bootFailed(exitCode: number, message: string): Promise<void> {
  const ended = kill();
  await sayLast({ kind: 'boot-failed', exitCode, message });
  await endProcess(exitCode, ended);
}

/** Graceful: finish what is under way, then exit 0. */
async function leave(): Promise<void> {
  if (leaving) return;
  leaving = true;
  setTimeout(quit, graceMs).unref();
  await worker?.drain();
  await worker?.foundOut();
  tellTheRest();
  mayExit();
  const keys = endedSoon(endOfKeys());
  if ((await (worker?.stop() ?? true)) && (await keys)) exitNow(0);
  quit();
}

/** Somebody wants it gone at once, and nothing is wrong with it: the last hooks are called first. */
async function quitAsTold(): Promise<void> {
  await worker?.leave();
  quit();
}

function quit(): void {
  const ended = kill();
  tellTheRest();
  void endProcess(0, ended);
}

async function kill(): Promise<boolean> {
  const all = [worker?.kill() ?? true, endOfKeys()];
  return (await Promise.all(all)).every((ended) => ended);
}

/** The thread of key functions is one to be waited for as well: what its functions do is not known. */
function endOfKeys(): Promise<boolean> {
  return limits?.end() ?? Promise.resolve(true);
}
