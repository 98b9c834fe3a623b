// Starts the thread of the system that runs a Node.js application, with what it must know to boot.

import { join, resolve } from 'node:path';
import type { Readable } from 'node:stream';
import { type MessagePort, Worker } from 'node:worker_threads';
import { type OutputStream, WholeLines } from '../../../observe/whole-lines.ts';
import type { GuestBoot } from '../../../wire/node-thread.ts';
import type { Cells } from './cells.ts';
import type { NodeThreadOptions } from './options.ts';

const GUEST = join(import.meta.dirname, '..', 'guest', 'main.js');

/** `port`: the guest's end of the wire. */
export function startGuest(options: NodeThreadOptions, cells: Cells, port: MessagePort): Worker {
  const { app, chdir, concurrency, env, name, resourceLimits, sources = null } = options;
  const workerData: GuestBoot = {
    port,
    shared: cells.shared,
    slots: concurrency,
    begunAt: cells.begunAt,
    appPath: resolve(chdir, app.path),
    exportName: app.exportName,
    timeoutLimit: options.timeoutLimit ?? 0,
    probe: options.probe ?? null,
    sources,
    hooks: options.hooks ?? null,
  };
  const limits = resourceLimits === undefined ? {} : { resourceLimits };
  const isHeard = options.print !== undefined || options.pass !== undefined;
  const worker = new Worker(GUEST, {
    name,
    env,
    workerData,
    transferList: sources === null ? [port] : [port, sources],
    ...limits,
    // Else Node.js writes it, from this loop, and what nobody reads waits here without a bound.
    ...(isHeard ? { stdout: true, stderr: true } : {}),
  });
  for (const stream of ['stdout', 'stderr'] as const) hear(worker[stream], stream, options);
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
