// Where log lines go: standard output, standard error or a file. Lines of one turn of the loop leave in one write that
// the loop does not wait for; a reader that has stopped (a full pipe, a full disk) costs lines, counted, and never the
// server. What is still here when the process exits is written then.

import fs from 'node:fs';
import sonicBoom, { type SonicBoom } from 'sonic-boom';
import { monotonicMs } from '../clock.ts';
import { messageOf } from '../message-of.ts';
import { flushAtEnd, forget } from './last-words.ts';
import { openFirstLogFile, openLogFile } from './log-file.ts';
import { Losses } from './losses.ts';

/** Lines beyond this much text waiting for a stuck destination are dropped: some 100,000 access-log lines. */
const mostWaitingBytes = 16 * 1024 * 1024;

/** A flush waits so long for a pipe or a terminal that is full, once; a file takes what there is. */
const flushMs = 500;
/** What was logged before a rotation may take so long to get into the old file or pipe. */
const leaveMs = 30_000;
/** A destination that takes nothing just now is asked again after this. */
const againMs = 20;

/** A turn that logs more than this hands it over in between, so that no single string grows without bound. */
const handOverAt = 64 * 1024;

export class Sink {
  /** Lines that the destination did not take. A file that cannot be reopened is a trouble, too. */
  readonly losses: Losses;

  readonly #path: string | null;
  readonly #guarded: boolean;
  #stream: SonicBoom;
  /** The stream has nothing under way and nothing waiting. */
  #idle = true;
  #pending = '';
  #scheduled = false;
  #fd = -1;
  /** Until when a flush that is under way waits for a destination that is full; null: there is none. */
  #patientUntilMs: number | null = null;
  readonly #handOver = (): void => {
    this.#scheduled = false;
    this.#give();
  };

  /**
   * `destination`: a path, or "-" for the descriptor `standard`: 1, 2, or what stands in for them. `guarded`: as openLogFile has it.
   * @throws LogFileError when the file cannot be opened.
   */
  constructor(destination: string, standard: number, guarded = false) {
    this.#guarded = guarded;
    this.#path = destination === '-' ? null : destination;
    this.losses = lossesOf(this.#path ?? 'on a standard stream');
    this.#stream = this.#attach(
      this.#path === null ? standard : openFirstLogFile(this.#path, guarded),
    );
    flushAtEnd(this);
  }

  /** One or more whole lines, each with its line end. Never throws and never waits. */
  write(lines: string): void {
    this.#pending += lines;
    if (this.#pending.length > handOverAt) {
      this.#give();
    } else if (!this.#scheduled) {
      this.#scheduled = true;
      setImmediate(this.#handOver);
    }
  }

  /** Opens the file anew by its name, after a rotation. What was logged so far goes to the old file. */
  reopen(): void {
    if (this.#path === null) return;
    let fd: number;
    try {
      fd = openLogFile(this.#path, this.#guarded);
    } catch (error) {
      this.losses.trouble(causeOf(error));
      return;
    }
    this.#give();
    leave(this.#stream);
    this.#stream = this.#attach(fd);
  }

  /**
   * Writes everything now and returns when it is done: for the exit and for lines that must not be lost. A write that
   * is under way already is the kernel's, which finishes it before the process ends; only then may it come second.
   * What a full pipe has not taken within half a second waits on.
   */
  flush(): void {
    // Whoever is known to be stuck is not waited for once more.
    this.#patientUntilMs = monotonicMs() + (this.losses.troubled ? 0 : flushMs);
    try {
      if (this.#idle) this.#writeNow();
      else {
        this.#give();
        this.#stream.flushSync();
      }
    } catch (error) {
      this.losses.trouble(causeOf(error));
    }
    this.#patientUntilMs = null;
  }

  /** All of it, also where the kernel takes a part at a time. @throws what write(2) answers. */
  #writeNow(): void {
    let bytes = Buffer.from(this.#pending);
    this.#pending = '';
    while (bytes.length > 0) {
      try {
        bytes = bytes.subarray(fs.writeSync(this.#fd, bytes));
      } catch (error) {
        if (!isFull(error)) throw error;
        if (!this.#isPatient()) {
          this.#pending = bytes.toString();
          this.#give();
          throw error;
        }
        Atomics.wait(nobody, 0, 0, againMs);
      }
    }
  }

  /** Always, but while something is flushed. */
  #isPatient(): boolean {
    return this.#patientUntilMs === null || monotonicMs() < this.#patientUntilMs;
  }

  /** Writes what is left and closes the file. */
  close(): void {
    if (!forget(this)) return;
    this.#give();
    leave(this.#stream);
  }

  #give(): void {
    const lines = this.#pending;
    if (lines === '') return;
    this.#pending = '';
    this.#idle = false;
    this.#stream.write(lines);
  }

  #attach(fd: number): SonicBoom {
    this.#fd = fd;
    this.#idle = true;
    const stream = new sonicBoom.SonicBoom({
      fd,
      maxLength: mostWaitingBytes,
      maxWrite: handOverAt,
      retryEAGAIN: () => this.#isPatient(),
    });
    stream.on('error', (error: Error) => this.losses.trouble(causeOf(error)));
    stream.on('drop', (lines: string) => {
      this.losses.lose('it takes no more lines, some are lost', lines.split('\n').length - 1);
    });
    stream.on('drain', () => {
      if (stream !== this.#stream) return;
      this.#idle = true;
      this.losses.recovered();
    });
    return stream;
  }
}

/** @param name of the log, in the middle of a sentence */
function lossesOf(name: string): Losses {
  return new Losses(`Cannot write the log ${name}`, (lost) => {
    const lines = lost === 1 ? 'line was' : 'lines were';
    return `The log ${name} can be written again; ${lost} ${lines} lost`;
  });
}

/** Of a cause that is a sentence the end is not its listeners'. */
function causeOf(error: unknown): string {
  return messageOf(error).replace(/\.$/, '');
}

/** Nobody wakes who waits for it. */
const nobody = new Int32Array(new SharedArrayBuffer(4));

/** A pipe or a terminal that takes nothing just now. */
function isFull(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EAGAIN';
}

/** Writes what is left, if it is taken in time, and closes. */
function leave(stream: SonicBoom): void {
  const late = setTimeout(() => stream.destroy(), leaveMs).unref();
  stream.once('close', () => clearTimeout(late));
  stream.end();
}
