// Starts the thread of the system that runs a Node.js application, with what it must know to boot.

import { join, resolve } from 'node:path';
import type { Readable } from 'node:stream';
import { type MessagePort, Worker } from 'node:worker_threads';
import { WholeLines } from '../../../observe/whole-lines.ts';
import type { GuestBoot } from '../../../wire/node-thread.ts';
import type { Cells } from './cells.ts';
import type { NodeThreadOptions } from './options.ts';

const GUEST = join(import.meta.dirname, '..', 'guest', 'main.js');

/** `port`: the guest's end of the wire. */
export function startGuest(options: NodeThreadOptions, cells: Cells, port: MessagePort): Worker {
  const { app, chdir, concurrency, env, name, resourceLimits, print, sources = null } = options;
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
  // Else Node.js writes it for the thread, in this loop, and waits where the pipe is full.
  const captured = print === undefined ? {} : { stdout: true, stderr: true };
  const worker = new Worker(GUEST, {
    name,
    env,
    workerData,
    transferList: sources === null ? [port] : [port, sources],
    ...limits,
    ...captured,
  });
  if (print !== undefined) {
    passLines(worker.stdout, (lines) => print('stdout', lines));
    passLines(worker.stderr, (lines) => print('stderr', lines));
  }
  return worker;
}

function passLines(stream: Readable, print: (lines: string) => void): void {
  const lines = new WholeLines(print);
  stream.setEncoding('utf8').on('data', (text: string) => lines.add(text));
  stream.on('end', () => lines.end());
}
