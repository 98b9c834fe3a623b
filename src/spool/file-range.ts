// A range of an open regular file as a source of bytes: what `wsgi.file_wrapper` sends is read by the loop, one piece
// ahead of its reader, while the thread that gave it is free. Owns the descriptor and closes it.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import type { ByteSource } from './byte-source.ts';
import { SpoolError } from './errors.ts';
import { lendReadBuffer, readBlockBytes } from './read-buffers.ts';

export class FileRange implements ByteSource {
  /** Called once after read() answered null, when bytes have come. */
  onReadable: (() => void) | null = null;
  /** The file could not be read or is shorter than promised. Everything is released already. */
  onFailed: ((error: SpoolError) => void) | null = null;

  readonly #fd: number;
  /** Where the next read begins. */
  #position: number;
  /** Bytes of the range not read from the file yet. */
  #left: number;
  #ready: Buffer | null = null;
  #reading = false;
  #hungry = false;
  #released = false;

  /** The `length` bytes of `fd` from `offset`. */
  constructor(fd: number, offset: number, length: number) {
    assert.ok(offset >= 0 && length >= 0, 'a file range has no negative bounds');
    this.#fd = fd;
    this.#position = offset;
    this.#left = length;
  }

  get buffered(): number {
    return this.#left + (this.#ready?.length ?? 0);
  }

  read(maxBytes: number): Buffer | null {
    assert.ok(maxBytes > 0, 'read at least one byte');
    const ready = this.#ready;
    let bytes = ready;
    if (ready !== null && ready.length > maxBytes) {
      bytes = ready.subarray(0, maxBytes);
      this.#ready = ready.subarray(maxBytes);
    } else {
      this.#ready = null;
    }
    this.#hungry = bytes === null;
    this.#readAhead();
    return bytes;
  }

  /** Idempotent. The descriptor is closed when a read under way has ended: until then its number must stay taken. */
  release(): void {
    if (this.#released) return;
    this.#released = true;
    this.#left = 0;
    this.#ready = null;
    if (!this.#reading) fs.close(this.#fd, () => {});
  }

  #readAhead(): void {
    if (this.#reading || this.#ready !== null || this.#left === 0) return;
    this.#reading = true;
    const size = Math.min(readBlockBytes, this.#left);
    fs.read(this.#fd, lendReadBuffer(size), 0, size, this.#position, (error, count, buffer) => {
      this.#reading = false;
      if (this.#released) {
        fs.close(this.#fd, () => {});
      } else if (error !== null) {
        this.#fail(`Cannot read a file of the application: ${error.message}`, error);
      } else if (count === 0) {
        this.#fail(`A file of the application ended ${this.#left} bytes early`);
      } else {
        this.#position += count;
        this.#left -= count;
        this.#ready = count === size ? buffer : buffer.subarray(0, count);
        this.#feed();
      }
    });
  }

  #feed(): void {
    if (!this.#hungry) return;
    this.#hungry = false;
    this.onReadable?.();
  }

  #fail(message: string, cause?: Error): void {
    const onFailed = this.onFailed;
    this.release();
    onFailed?.(new SpoolError('spool-broken', message, cause));
  }
}
