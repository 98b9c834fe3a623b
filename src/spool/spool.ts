// Bytes on their way, request or response: in memory up to a bound, beyond it in a temporary file, and when that is
// full too, back-pressure. The writer is never made to wait for the reader before that, and the reader never sees which
// of the places its bytes come from.
//
//   write() → queue (memory) → file (disk) → ready (memory) → read()
//                  └──────── while no file ───────┘
//
// At most one file write and one file read are under way. Bytes being written count as memory until the disk has them,
// so a slow disk slows the writer and never grows the process. Files are cut into segments, so that what the reader has
// passed leaves the disk although the writer goes on.

import assert from 'node:assert/strict';
import type { SpoolBudget } from './budget.ts';
import type { ByteSource } from './byte-source.ts';
import { type SpoolError, spoolErrorFull } from './errors.ts';
import { openSpoolFile, type SpoolFile } from './file.ts';
import { PieceQueue } from './pieces.ts';

/** One file write takes at most this much: large enough that the system call does not count, small enough that room
 * for the writer comes back in steps (bench/spool.ts). */
const writeBytes = 256 * 1024;

/** Less room than this in the file counts as none, unless it is enough: else a full file and a reader would hand over
 * a handful of bytes at a time, each through two system calls. */
const leastWriteBytes = 16 * 1024;

/** The writer is given this much memory even if `memoryBytes` is less, or each piece would wait for the disk. */
const leastRoomBytes = 64 * 1024;

/** A file of a response is left for the next one at this size: what was read is off the disk 32 MiB later at most, and
 * a gigabyte costs 32 descriptors. */
const segmentBytes = 32 * 1024 * 1024;

export interface SpoolOptions {
  /** Bytes kept in memory before a file is used. */
  readonly memoryBytes: number;
  /** Most bytes in files at one time; 0 means no bound but the budget. */
  readonly fileBytes: number;
  readonly budget: SpoolBudget;
  /** Where files are made. It must exist. */
  readonly directory: string;
  /**
   * What happens when file and budget are full, or no file can be had: `wait` (responses; the default): write() answers
   * false until the reader has made room. `fail` (request bodies that nobody reads before they are complete): onFailed.
   */
  readonly whenFull?: 'wait' | 'fail';
}

/** A complete body. A file stays, and `path` opens it in another process of the same user, until release(). */
export type WholeBody =
  | { readonly kind: 'none' }
  | { readonly kind: 'bytes'; readonly bytes: Buffer }
  | { readonly kind: 'file'; readonly path: string; readonly length: number };

export class Spool implements ByteSource {
  /** There is something to read, or nothing will come (`drained`). Called once after read() answered null, and for the
   * first bytes; perhaps from within write() or end(). */
  onReadable: (() => void) | null = null;
  /** write() may be used again. Called once after write() answered false; perhaps from within read(). */
  onRoom: (() => void) | null = null;
  /** No file can be had now, or it takes no more: what is written waits in memory. Perhaps called again and again. */
  onRefused: ((error: SpoolError) => void) | null = null;
  /** The bytes are lost; everything is released already. Called at most once, perhaps from within write(). */
  onFailed: ((error: SpoolError) => void) | null = null;

  readonly #options: SpoolOptions;
  readonly #roomBytes: number;
  readonly #queue = new PieceQueue();
  /** Oldest first: read from the first, written to the last. */
  #files: SpoolFile[] = [];
  /** The file a write is under way to; it must not be retired, because its length still grows. */
  #writingTo: SpoolFile | null = null;
  #writing = false;
  #writingBytes = 0;
  #reading = false;
  #ready: Buffer | null = null;
  /** Bytes taken from the budget: those in files, and those being written. */
  #reserved = 0;
  #buffered = 0;
  #ended = false;
  #over = false;
  #hungry = true;
  /** Nothing is read from a file before the first read(), because complete() may come instead. */
  #readerCame = false;
  #crowded = false;
  /** The disk refused bytes. Tried again when the reader has made room, so that nothing goes round in a circle. */
  #refused = false;
  #onWhole: ((body: WholeBody) => void) | null = null;
  readonly #retry = (): void => this.#spill();

  constructor(options: SpoolOptions) {
    this.#options = options;
    this.#roomBytes = Math.max(options.memoryBytes, leastRoomBytes);
  }

  /** Bytes written and not yet read. */
  get buffered(): number {
    return this.#buffered;
  }

  /** end() was called. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Ended, and everything has been read. */
  get drained(): boolean {
    return this.#ended && this.#buffered === 0;
  }

  /** Bytes held in memory now; stays near the larger of `memoryBytes` and 64 KiB. */
  get memoryUsed(): number {
    return this.#queue.bytes + this.#writingBytes + (this.#ready?.length ?? 0);
  }

  /** Bytes in files now, or on their way there. */
  get fileUsed(): number {
    return this.#reserved;
  }

  /**
   * Takes ownership of `bytes`, always. False means full: give nothing more until onRoom (what is given all the same is
   * kept, in memory). After release() or a failure the bytes are dropped and the answer is false.
   */
  write(bytes: Buffer): boolean {
    if (this.#over) return false;
    assert.ok(!this.#ended, 'write after end');
    this.#buffered += bytes.length;
    this.#queue.push(bytes);
    this.#spill();
    this.#feed();
    // Last, because a reader woken by now may have taken everything, and onRoom must not come before its false.
    if (!this.#over && this.#queue.bytes + this.#writingBytes > this.#roomBytes)
      this.#crowded = true;
    return !this.#over && !this.#crowded;
  }

  /** Nothing will be written any more. */
  end(): void {
    if (this.#over || this.#ended) return;
    this.#ended = true;
    this.#feed();
    this.#settle();
  }

  /** The oldest bytes that are ready, at most `maxBytes`, theirs who takes them; null when there are none now. */
  read(maxBytes: number): Buffer | null {
    if (this.#over) return null;
    assert.ok(this.#onWhole === null, 'read or complete, not both');
    this.#readerCame = true;
    const bytes = this.#takeReady(maxBytes) ?? this.#takeQueued(maxBytes);
    this.#readAhead();
    if (bytes === null) {
      this.#hungry = true;
      return null;
    }
    this.#buffered -= bytes.length;
    this.#refused = false;
    this.#makeRoom();
    return bytes;
  }

  /**
   * Asks for everything at once, instead of read(); only with `whenFull: 'fail'`. Calls back once, when end() was called
   * and every byte is where the answer says: at once, from within this or end(), if no file write is under way.
   */
  complete(onWhole: (body: WholeBody) => void): void {
    assert.equal(
      this.#options.whenFull,
      'fail',
      'only a spool that keeps one file can be complete',
    );
    assert.ok(this.#onWhole === null && !this.#readerCame, 'read or complete, and that once');
    this.#onWhole = onWhole;
    this.#settle();
  }

  /**
   * Gives up whatever is held: memory, files, budget. Idempotent, at any time; nothing is called back afterwards. The
   * budget has its bytes back at once, the disk as soon as a write under way has ended.
   */
  release(): void {
    if (this.#over) return;
    this.#over = true;
    this.#queue.clear();
    this.#ready = null;
    this.#writingBytes = 0;
    this.#buffered = 0;
    this.#onWhole = null;
    for (const file of this.#files) file.close();
    this.#files = [];
    this.#options.budget.forget(this.#retry);
    const reserved = this.#reserved;
    this.#reserved = 0;
    this.#options.budget.give(reserved);
  }

  #takeReady(maxBytes: number): Buffer | null {
    const ready = this.#ready;
    if (ready === null) return null;
    if (ready.length <= maxBytes) {
      this.#ready = null;
      return ready;
    }
    this.#ready = ready.subarray(maxBytes);
    return ready.subarray(0, maxBytes);
  }

  /** Only while nothing older is on its way through a file. */
  #takeQueued(maxBytes: number): Buffer | null {
    if (this.#ready !== null || this.#writing || this.#files.length > 0) return null;
    return this.#queue.take(maxBytes);
  }

  /** Starts the next file read as soon as the last was taken, so that it is there when the reader comes again. */
  #readAhead(): void {
    const file = this.#files[0];
    if (this.#reading || this.#ready !== null || file === undefined || file.unread === 0) return;
    this.#reading = true;
    file.readNext((error, bytes) => {
      this.#reading = false;
      if (error !== null) {
        this.#fail(error);
        return;
      }
      this.#ready = bytes;
      this.#retire();
      this.#feed();
    });
  }

  /** Closes files that were read to their end; their place in the budget is free. */
  #retire(): void {
    for (let file = this.#files[0]; file !== undefined; file = this.#files[0]) {
      if (file.unread > 0 || file === this.#writingTo) return;
      this.#files.shift();
      file.close();
      this.#reserved -= file.length;
      this.#options.budget.give(file.length);
      this.#spill();
    }
  }

  /** Moves what memory should not hold into the file, one write at a time. */
  #spill(): void {
    if (this.#over || this.#writing || this.#refused) return;
    if (this.#queue.bytes <= this.#keptInMemory()) return;
    const bytes = this.#reserve();
    if (bytes === 0) return;
    this.#writing = true;
    this.#writingBytes = bytes;
    const pieces = this.#queue.takeAll(bytes);
    const last = this.#files.at(-1);
    if (last !== undefined && this.#fits(last, bytes)) {
      this.#append(last, pieces);
      return;
    }
    openSpoolFile(this.#options.directory, (error, file) => {
      if (file === null) {
        if (error !== null) this.#refuse(error, pieces);
      } else if (this.#over) {
        file.close();
      } else {
        this.#files.push(file);
        this.#append(file, pieces);
      }
    });
  }

  #fits(file: SpoolFile, bytes: number): boolean {
    return this.#options.whenFull === 'fail' || file.length + bytes <= segmentBytes;
  }

  #append(file: SpoolFile, pieces: Buffer[]): void {
    this.#writingTo = file;
    file.append(pieces, (error, rest) => {
      this.#writingTo = null;
      if (error !== null) {
        this.#refuse(error, rest);
        return;
      }
      this.#writing = false;
      this.#writingBytes = 0;
      this.#retire();
      this.#spill();
      this.#feed();
      this.#makeRoom();
      this.#settle();
    });
  }

  /** Memory keeps all of a small body. Of a large one it keeps half its room, so that the writer fills one half while
   * the other is written; and nothing in the end, if the file is to hold the whole. */
  #keptInMemory(): number {
    if (this.#files.length === 0 && !this.#writing) return this.#options.memoryBytes;
    if (this.#ended && this.#onWhole !== null) return 0;
    return Math.min(this.#options.memoryBytes, this.#roomBytes / 2);
  }

  /** How many bytes may go to the file now, taken from the budget; 0 when it is full and we wait or have failed. */
  #reserve(): number {
    const { fileBytes, budget, whenFull } = this.#options;
    const left = fileBytes === 0 ? Number.POSITIVE_INFINITY : fileBytes - this.#reserved;
    const wanted = Math.min(this.#queue.bytes, writeBytes);
    const bytes = Math.min(wanted, left);
    const fits = bytes >= Math.min(wanted, leastWriteBytes);
    if (fits && budget.take(bytes)) {
      this.#reserved += bytes;
      return bytes;
    }
    if (whenFull === 'fail')
      this.#fail(spoolErrorFull(fits ? 'spool-over-budget' : 'spool-over-limit'));
    else if (fits) budget.wait(this.#retry);
    return 0;
  }

  /** Wakes a reader that found nothing, if there is something now. */
  #feed(): void {
    if (!this.#hungry || this.#over || this.#onWhole !== null) return;
    const queued = this.#queue.bytes > 0 && !this.#writing && this.#files.length === 0;
    if (this.#ready === null && !queued && !this.drained) {
      if (this.#readerCame) this.#readAhead();
      if (this.#readerCame || (this.#files[0]?.unread ?? 0) === 0) return;
    }
    this.#hungry = false;
    this.onReadable?.();
  }

  /** Wakes a writer that was refused, when half the room is free: a few large steps instead of many small ones. */
  #makeRoom(): void {
    if (!this.#crowded || this.#over) return;
    if (this.#queue.bytes + this.#writingBytes > this.#roomBytes / 2) return;
    this.#crowded = false;
    this.onRoom?.();
  }

  /** Hands out the whole body once it is complete. */
  #settle(): void {
    if (this.#over || this.#onWhole === null || !this.#ended) return;
    this.#spill();
    if (this.#over || this.#writing) return;
    const onWhole = this.#onWhole;
    const file = this.#files[0];
    this.#onWhole = null;
    if (file !== undefined) onWhole({ kind: 'file', path: file.path, length: file.length });
    else if (this.#queue.bytes === 0) onWhole({ kind: 'none' });
    else {
      this.#buffered = 0;
      onWhole({ kind: 'bytes', bytes: this.#queue.takeWhole() });
    }
  }

  /** The disk does not take these: they wait in memory, if they may. */
  #refuse(error: SpoolError, pieces: readonly Buffer[]): void {
    if (this.#over) return;
    if (this.#options.whenFull === 'fail' || error.code === 'spool-broken') {
      this.#fail(error);
      return;
    }
    const bytes = pieces.reduce((sum, piece) => sum + piece.length, 0);
    this.#refused = true;
    this.#writing = false;
    this.#writingBytes = 0;
    this.#queue.putBack(pieces);
    this.#reserved -= bytes;
    this.#options.budget.give(bytes);
    this.onRefused?.(error);
    this.#retire();
    this.#feed();
  }

  #fail(error: SpoolError): void {
    if (this.#over) return;
    const onFailed = this.onFailed;
    this.release();
    onFailed?.(error);
  }
}
