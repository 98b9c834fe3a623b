// What the threads of a Python process have begun, read from memory that they share with us: right also while nobody in
// the process runs, and after its death, when it decides which requests may still be run elsewhere. The other side is
// python/tunicorn_bridge/ledger.py.

import { Buffer } from 'node:buffer';
import { closeSync, openSync, readSync } from 'node:fs';

const ENTRY_BYTES = 16;

export class Ledger {
  #fd: number;
  readonly #entry = Buffer.alloc(ENTRY_BYTES);

  /** `descriptor`: the process's own number of it; -1 where there is none, and then nothing is known. */
  constructor(pid: number, descriptor: number) {
    this.#fd = descriptor < 0 ? -1 : opened(`/proc/${pid}/fd/${descriptor}`);
  }

  /** Number of the last request that the thread (1, 2 ...) has begun; null when that is not known. */
  begun(thread: number): number | null {
    return this.#read(thread) ? Number(this.#entry.readBigUInt64LE(0)) : null;
  }

  /** The thread's name in what faulthandler writes, such as 0x00007f066affd6c0; null when it is not known. */
  nameInDump(thread: number): string | null {
    const ident = this.#read(thread) ? this.#entry.readBigUInt64LE(8) : 0n;
    return ident === 0n ? null : `0x${ident.toString(16).padStart(16, '0')}`;
  }

  close(): void {
    if (this.#fd >= 0) closeSync(this.#fd);
    this.#fd = -1;
  }

  #read(thread: number): boolean {
    if (this.#fd < 0) return false;
    try {
      const at = (thread - 1) * ENTRY_BYTES;
      return readSync(this.#fd, this.#entry, 0, ENTRY_BYTES, at) === ENTRY_BYTES;
    } catch {
      return false;
    }
  }
}

function opened(path: string): number {
  try {
    return openSync(path, 'r');
  } catch {
    return -1;
  }
}
