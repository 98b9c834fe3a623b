// Starts what runs a Node.js application, with what it must know to boot: a thread of the system or, without threads, the loop
// that this runs on.

import { resolve } from 'node:path';
import type { Readable } from 'node:stream';
import { type MessagePort, Worker } from 'node:worker_threads';
import { type OutputStream, WholeLines } from '../../../observe/whole-lines.ts';
import { programAt } from '../../../package-folder.ts';
import type { GuestBoot, ProgramTerms } from '../../../wire/node-thread.ts';
import type { Cells } from './cells.ts';
import type { NodeThreadOptions } from './options.ts';

/** For who starts a thread without a server around it. */
export const ALONE: ProgramTerms = {
  bound: { host: '127.0.0.1', port: 0 },
  secure: false,
  otherListeners: 'one',
  isFirstThread: true,
  waitReady: false,
  instance: 0,
  args: [],
};

/** What runs the application. */
export interface Guest {
  /** worker_threads' number; null: it has no loop of its own, which could stand still by itself, be looked into or be ended. */
  readonly threadId: number | null;
  /** Resolves when it has ended. */
  terminate(): Promise<unknown>;
}

export interface GuestEvents {
  /** Nobody caught this; `ended` follows. */
  failed(error: unknown): void;
  ended(exitCode: number): void;
}

/** `port`: the guest's end of the wire. */
export function startGuest(
  options: NodeThreadOptions,
  cells: Cells,
  port: MessagePort,
  events: GuestEvents,
): Guest {
  const boot: GuestBoot = {
    port,
    shared: cells.shared,
    slots: options.concurrency,
    begunAt: cells.begunAt,
    appPath: resolve(options.chdir, options.app.path),
    exportName: options.app.exportName,
    folder: options.chdir,
    timeoutLimit: options.timeoutLimit ?? 0,
    probe: options.probe ?? null,
    sources: options.sources ?? null,
    debuggable: isDebuggable(options),
    hooks: options.hooks ?? null,
    program: options.program ?? ALONE,
  };
  return options.onOwnLoop === true ? onThisLoop(boot, events) : inThread(boot, options, events);
}

function isDebuggable({ debugging = null }: NodeThreadOptions): boolean {
  return debugging !== null;
}

/** It ends with the process: until then nobody hears of it any more. */
function onThisLoop(boot: GuestBoot, events: GuestEvents): Guest {
  // By its path, as a thread: this side knows nothing of the other but the wire.
  const runs = import(programAt('shared-loop').href) as Promise<{
    runGuest(boot: GuestBoot): Promise<void>;
  }>;
  runs
    .then(({ runGuest }) => runGuest(boot))
    .catch((error: unknown) => {
      events.failed(error);
      events.ended(1);
    });
  return {
    threadId: null,
    terminate: () => {
      events.ended(0);
      return Promise.resolve();
    },
  };
}

function inThread(workerData: GuestBoot, options: NodeThreadOptions, events: GuestEvents): Guest {
  const { env, name, resourceLimits } = options;
  const { port, sources } = workerData;
  const limits = resourceLimits === undefined ? {} : { resourceLimits };
  const isHeard = options.print !== undefined || options.pass !== undefined;
  const worker = new Worker(programAt('thread'), {
    name,
    env,
    workerData,
    transferList: sources === null ? [port] : [port, sources],
    ...limits,
    // Else Node.js prints where it listens itself, which is no address for anybody.
    ...(isDebuggable(options) ? { execArgv: ['--inspect-publish-uid=http'] } : {}),
    // Else Node.js writes it, from this loop, and what nobody reads waits here without a bound.
    ...(isHeard ? { stdout: true, stderr: true } : {}),
  });
  for (const stream of ['stdout', 'stderr'] as const) hear(worker[stream], stream, options);
  worker.on('error', events.failed);
  worker.on('exit', events.ended);
  return worker;
}

function hear(from: Readable, stream: OutputStream, { print, pass }: NodeThreadOptions): void {
  if (print !== undefined) passLines(from, (lines) => print(stream, lines));
  else if (pass !== undefined) from.on('data', (bytes: Buffer) => pass(stream, bytes));
}

function passLines(stream: Readable, print: (lines: string) => void): void {
  const lines = new WholeLines(print);
  stream.setEncoding('utf8').on('data', (text: string) => lines.add(text));
  stream.on('end', () => lines.end());
}
