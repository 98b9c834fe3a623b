// What workers, and whatever they have started, write to standard output and standard error (`capture_output`): read from pipes all the
// time, so that nobody who prints waits for the log, and passed on in whole lines. A log that does not take them drops and counts.

import type { ChildProcess } from 'node:child_process';
import type { Readable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import { type OutputStream, WholeLines } from '../../observe/whole-lines.ts';

/** Takes whole lines of one process, each with its line end. */
export type Print = (pid: number, stream: OutputStream, lines: string) => void;

/** What processes have printed before they ended is read within this time. */
const LAST_OUTPUT_MS = 500;

export class Outputs {
  readonly #print: Print;
  readonly #open = new Set<Readable>();

  constructor(print: Print) {
    this.#print = print;
  }

  /** Both streams, where they are pipes. */
  readAll({ pid, stdout, stderr }: ChildProcess): void {
    if (pid === undefined) return;
    if (stdout !== null) this.read(pid, 'stdout', stdout);
    if (stderr !== null) this.read(pid, 'stderr', stderr);
  }

  /** Reads until it ends: when the process has, and all that it has left behind. */
  read(pid: number, stream: OutputStream, pipe: Readable): void {
    const lines = new WholeLines((whole) => this.#print(pid, stream, whole));
    this.#open.add(pipe);
    pipe.setEncoding('utf8').on('data', (text: string) => lines.add(text));
    // A pipe that breaks has ended.
    pipe.on('error', () => undefined);
    pipe.on('close', () => {
      lines.end();
      this.#open.delete(pipe);
    });
  }

  /** Resolves when all are read to their ends, or after a moment: who was left behind on purpose holds its pipe open. */
  async close(): Promise<void> {
    const pipes = [...this.#open];
    const ended = pipes.map((pipe) => new Promise((resolve) => pipe.once('close', resolve)));
    await Promise.race([Promise.all(ended), pause(LAST_OUTPUT_MS, null, { ref: false })]);
    for (const pipe of pipes) pipe.destroy();
  }
}
