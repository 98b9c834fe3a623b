// Where log lines go: standard output, standard error or a file. Lines of one turn of the loop leave in one write that
// the loop does not wait for; a reader that has stopped (a full pipe, a full disk) costs lines, counted, and never the
// server. What is still here when the process exits is written then.

import fs from 'node:fs';
import sonicBoom, { type SonicBoom } from 'sonic-boom';
import { openLogFile } from './log-file.ts';

/** Lines beyond this much text waiting for a stuck destination are dropped: some 100,000 access-log lines. */
const mostWaitingBytes = 16 * 1024 * 1024;

/** A turn that logs more than this hands it over in between, so that no single string grows without bound. */
const handOverAt = 64 * 1024;

/** Every open sink, so that one listener for exit is enough. */
const open = new Set<Sink>();
let listening = false;

/** Returns when every log of this process is written: for an end that no `exit` event tells of. */
export function flushAll(): void {
  for (const sink of open) sink.flush();
}

export class Sink {
  /** Told, once for each trouble and not for each line, that lines are being lost or a file cannot be reopened. */
  onTrouble: ((message: string) => void) | null = null;
  /** Told when everything is written again after a trouble, with the number of lines that were lost meanwhile; perhaps 0. */
  onRecovered: ((message: string, lost: number) => void) | null = null;

  readonly #path: string | null;
  readonly #guarded: boolean;
  #stream: SonicBoom;
  /** The stream has nothing under way and nothing waiting. */
  #idle = true;
  #pending = '';
  #scheduled = false;
  #fd = -1;
  #dropped = 0;
  /** Of those, how many were told of. */
  #told = 0;
  #troubled = false;
  readonly #handOver = (): void => {
    this.#scheduled = false;
    this.#give();
  };

  /**
   * `destination`: a path, or "-" for the descriptor `standard` (1 or 2). `guarded`: as openLogFile has it.
   * @throws LogFileError when the file cannot be opened.
   */
  constructor(destination: string, standard: 1 | 2, guarded = false) {
    this.#guarded = guarded;
    this.#path = destination === '-' ? null : destination;
    this.#stream = this.#attach(this.#path === null ? standard : openLogFile(this.#path, guarded));
    open.add(this);
    if (!listening) process.on('exit', flushAll);
    listening = true;
  }

  /** Lines lost since the start because the destination did not take them. */
  get dropped(): number {
    return this.#dropped;
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
      this.#trouble(error instanceof Error ? error.message : String(error));
      return;
    }
    this.#give();
    this.#stream.end();
    this.#stream = this.#attach(fd);
  }

  /**
   * Writes everything now and returns when it is done: for the exit and for lines that must not be lost. A write that
   * is under way already is the kernel's, which finishes it before the process ends; only then may it come second.
   */
  flush(): void {
    try {
      if (this.#idle) {
        const lines = this.#pending;
        this.#pending = '';
        writeNow(this.#fd, lines);
      } else {
        this.#give();
        this.#stream.flushSync();
      }
    } catch (error) {
      this.#trouble(error instanceof Error ? error.message : String(error));
    }
  }

  /** Writes what is left and closes the file. */
  close(): void {
    if (!open.delete(this)) return;
    this.#give();
    this.#stream.end();
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
    });
    stream.on('error', (error: Error) => this.#trouble(error.message));
    stream.on('drop', (lines: string) => {
      this.#dropped += lines.split('\n').length - 1;
      this.#trouble('it takes no more lines, some are lost');
    });
    stream.on('drain', () => {
      if (stream !== this.#stream) return;
      this.#idle = true;
      this.#recovered();
    });
    return stream;
  }

  #recovered(): void {
    if (!this.#troubled) return;
    this.#troubled = false;
    const lost = this.#dropped - this.#told;
    this.#told = this.#dropped;
    const lines = lost === 1 ? 'line was' : 'lines were';
    this.onRecovered?.(`The log ${this.#name} can be written again; ${lost} ${lines} lost`, lost);
  }

  get #name(): string {
    return this.#path ?? 'on a standard stream';
  }

  #trouble(cause: string): void {
    if (this.#troubled) return;
    this.#troubled = true;
    this.onTrouble?.(`Cannot write the log ${this.#name}: ${cause}`);
  }
}

/** All of it, also where the kernel takes a part at a time. @throws what write(2) answers. */
function writeNow(fd: number, lines: string): void {
  const bytes = Buffer.from(lines);
  for (let from = 0; from < bytes.length; ) from += fs.writeSync(fd, bytes, from);
}
