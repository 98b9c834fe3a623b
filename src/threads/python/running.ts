// A Python process that runs, as its worker sees it: its number, whether it has ended, and how.

import type { ChildProcess } from 'node:child_process';
import { killTree } from '../../process-tree.ts';

/** What a process sent before its exit is read within this time. */
const LAST_WORDS_MS = 10;

export interface RunningPython {
  /** 0 when it could not be started. */
  readonly pid: number;
  /** Known at once, a moment before `ended`: its pid may be somebody else's from then on. */
  readonly hasEnded: boolean;
  /** Resolves, once it has ended or could not be started, to words for it: "was killed by SIGSEGV". */
  readonly ended: Promise<string>;
  /** With what the application has started in it: nobody would wait for that any more. Harmless once it has ended. */
  kill(): void;
}

export function endInWords(code: number | null, signal: string | null): string {
  return signal === null ? `ended with exit code ${code}` : `was killed by ${signal}`;
}

/** One that this process has started. */
export class OwnChild implements RunningPython {
  readonly ended: Promise<string>;
  readonly #child: ChildProcess;

  constructor(child: ChildProcess) {
    this.#child = child;
    this.ended = new Promise((resolve) => {
      child.once('error', (error) => {
        if (child.pid === undefined) resolve(error.message);
      });
      child.once('exit', (code, signal) => {
        setTimeout(resolve, LAST_WORDS_MS, endInWords(code, signal));
      });
    });
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  get hasEnded(): boolean {
    const { pid, exitCode, signalCode } = this.#child;
    return pid === undefined || exitCode !== null || signalCode !== null;
  }

  kill(): void {
    if (!this.hasEnded) killTree(this.pid);
  }
}
