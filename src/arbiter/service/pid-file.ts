// The file that tells others the arbiter's process id (--pid). Written beside its place and renamed, so that whoever reads
// it never finds half a number; removed at the end only if it is still ours.

import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { messageOf } from '../../message-of.ts';

export class PidFile {
  #path: string;

  /**
   * Writes it. A file that is there already is replaced unless the process that it names lives.
   * @throws Error with a sentence for people
   */
  constructor(path: string) {
    this.#path = path;
    assertFree(path);
    const draft = `${path}.${process.pid}.new`;
    try {
      writeFileSync(draft, `${process.pid}\n`, { mode: 0o644, flag: 'wx' });
      renameSync(draft, path);
    } catch (error) {
      rmSync(draft, { force: true });
      // Not its message, which names the draft.
      const code = error instanceof Error && 'code' in error ? error.code : messageOf(error);
      throw new Error(
        `Cannot write the pid file ${path}: the system says ${code}. Choose another --pid.`,
      );
    }
  }

  get path(): string {
    return this.#path;
  }

  /** It has another name from now on; whatever had that name is replaced. */
  rename(path: string): void {
    if (!isOurs(this.#path)) return;
    renameSync(this.#path, path);
    this.#path = path;
  }

  /** Harmless when it has gone, or has become somebody else's. */
  remove(): void {
    if (!isOurs(this.#path)) return;
    rmSync(this.#path, { force: true });
  }
}

/** @throws Error with a sentence for people where another process that lives has written one there */
export function assertFree(path: string): void {
  const owner = livingOwner(path);
  if (owner === null) return;
  throw new Error(`Already running on PID ${owner} (or pid file '${path}' is stale)`);
}

/** Takes away a pid file that a process has left which was killed. Harmless when it has not. */
export function removeLeft(path: string, by: number): void {
  if (pidIn(path) === by) rmSync(path, { force: true });
}

/** Of an arbiter while the one that started it lives, beside that one's. */
export function besides(pidfile: string): string {
  return `${pidfile}.2`;
}

function isOurs(path: string): boolean {
  return pidIn(path) === process.pid;
}

/** The process that the file names, if it lives; null when it does not, or is this one. */
function livingOwner(path: string): number | null {
  const pid = pidIn(path);
  return pid !== null && pid !== process.pid && lives(pid) ? pid : null;
}

/** A process of this id is there, ours or not. */
export function lives(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Somebody else's process (EPERM) is alive, too.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

function pidIn(path: string): number | null {
  try {
    const pid = Number(readFileSync(path, 'utf8').trim());
    return Number.isSafeInteger(pid) && pid > 0 ? pid : null;
  } catch {
    return null;
  }
}
