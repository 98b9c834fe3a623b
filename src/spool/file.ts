// One private temporary file: bytes are appended at its end and read from its front. On Linux it never has a name that
// outlives a crash (O_TMPFILE, or unlinked at once), and another process of the same user opens it through /proc; where
// there is no /proc it keeps its name until it is closed.

import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import { join } from 'node:path';
import { SpoolError, spoolErrorFrom } from './errors.ts';
import { lendReadBuffer, readBlockBytes } from './read-buffers.ts';

// Node.js exports O_DIRECTORY but not O_TMPFILE, which is this bit and that one together on all its Linux platforms
// (include/uapi/asm-generic/fcntl.h). 0 elsewhere.
const tmpfileFlag = process.platform === 'linux' ? 0o20000000 | (fs.constants.O_DIRECTORY ?? 0) : 0;

/** Whether an open file can be reached by a path without having a name. */
const procHasDescriptors = fs.existsSync('/proc/self/fd');

/** What open(2) answers when the kernel or the file system does not know O_TMPFILE. */
const tmpfileUnknown: ReadonlySet<string> = new Set(['EOPNOTSUPP', 'ENOTSUP', 'EISDIR', 'EINVAL']);

/** Folders found not to know O_TMPFILE: one failed call for each folder, not for each file. */
const foldersWithNames = new Set<string>();

type Opened = (error: SpoolError | null, file: SpoolFile | null) => void;

/** Opens a new empty file in `directory`, for this user only. */
export function openSpoolFile(directory: string, opened: Opened): void {
  if (tmpfileFlag === 0 || foldersWithNames.has(directory)) {
    openNamedSpoolFile(directory, !procHasDescriptors, opened);
    return;
  }
  const flags = tmpfileFlag | fs.constants.O_RDWR | fs.constants.O_EXCL;
  fs.open(directory, flags, 0o600, (error, fd) => {
    if (error === null) {
      opened(null, new SpoolFile(fd, directory, null));
    } else if (tmpfileUnknown.has(error.code ?? '')) {
      foldersWithNames.add(directory);
      openNamedSpoolFile(directory, !procHasDescriptors, opened);
    } else {
      opened(spoolErrorFrom(error, 'create a temporary file', directory), null);
    }
  });
}

/**
 * The same with a name, which is unlinked before this returns unless `keepName`. Synchronous on purpose: a turn of the
 * loop between open and unlink would be a turn in which a SIGKILL leaves the file behind.
 */
export function openNamedSpoolFile(directory: string, keepName: boolean, opened: Opened): void {
  const name = join(directory, `tunicorn-${process.pid}-${randomBytes(16).toString('hex')}`);
  let file: SpoolFile;
  try {
    const flags = fs.constants.O_RDWR | fs.constants.O_CREAT | fs.constants.O_EXCL;
    const fd = fs.openSync(name, flags, 0o600);
    if (!keepName) fs.unlinkSync(name);
    file = new SpoolFile(fd, directory, keepName ? name : null);
  } catch (error) {
    const cause = error instanceof Error ? error : new Error(String(error));
    const failure = spoolErrorFrom(cause, 'create a temporary file', directory);
    process.nextTick(() => opened(failure, null));
    return;
  }
  process.nextTick(() => opened(null, file));
}

export class SpoolFile {
  readonly #fd: number;
  readonly #directory: string;
  readonly #name: string | null;
  #length = 0;
  #readTo = 0;
  #underWay = 0;
  #closed = false;

  constructor(fd: number, directory: string, name: string | null) {
    this.#fd = fd;
    this.#directory = directory;
    this.#name = name;
  }

  /** Bytes written completely. */
  get length(): number {
    return this.#length;
  }

  /** Bytes written and not yet read. */
  get unread(): number {
    return this.#length - this.#readTo;
  }

  /** Where another process of the same user opens it, until it is closed. */
  get path(): string {
    return this.#name ?? `/proc/${process.pid}/fd/${this.#fd}`;
  }

  /** Appends the pieces; one append at a time. With an error come those that were not written. Not called back once closed. */
  append(pieces: Buffer[], done: (error: SpoolError | null, rest: Buffer[]) => void): void {
    this.#underWay += 1;
    this.#write(pieces, (error, rest) => {
      this.#underWay -= 1;
      if (this.#closed) this.#closeNow();
      else done(error, rest);
    });
  }

  /** Reads the next bytes, at most a block; one read at a time, and only if there are `unread` ones. */
  readNext(done: (error: SpoolError | null, bytes: Buffer) => void): void {
    const size = Math.min(readBlockBytes, this.unread);
    const buffer = lendReadBuffer(size);
    this.#underWay += 1;
    fs.read(this.#fd, buffer, 0, size, this.#readTo, (error, count) => {
      this.#underWay -= 1;
      if (this.#closed) {
        this.#closeNow();
      } else if (error !== null) {
        done(spoolErrorFrom(error, 'read a temporary file', this.#directory), buffer);
      } else if (count === 0) {
        done(this.#broken('is shorter than what was written to it'), buffer);
      } else {
        this.#readTo += count;
        done(null, count === size ? buffer : buffer.subarray(0, count));
      }
    });
  }

  /** Idempotent. Waits for a read or write under way, because its descriptor must not be given to somebody else. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#name !== null) fs.unlink(this.#name, () => {});
    this.#closeNow();
  }

  #closeNow(): void {
    if (this.#underWay === 0) fs.close(this.#fd, () => {});
  }

  /** writev may write a part only, for one just before the disk is full: then the rest follows, or its error. */
  #write(pieces: Buffer[], done: (error: SpoolError | null, rest: Buffer[]) => void): void {
    fs.writev(this.#fd, pieces, this.#length, (error, count) => {
      if (error !== null) {
        done(spoolErrorFrom(error, 'write a temporary file', this.#directory), pieces);
        return;
      }
      this.#length += count;
      const rest = withoutFirst(pieces, count);
      if (rest.length === 0 || this.#closed) done(null, rest);
      else if (count === 0) done(this.#broken('takes no more bytes'), rest);
      else this.#write(rest, done);
    });
  }

  #broken(what: string): SpoolError {
    return new SpoolError('spool-broken', `A temporary file in ${this.#directory} ${what}`);
  }
}

function withoutFirst(pieces: Buffer[], count: number): Buffer[] {
  let left = count;
  for (const [index, piece] of pieces.entries()) {
    if (left < piece.length) return [piece.subarray(left), ...pieces.slice(index + 1)];
    left -= piece.length;
  }
  return [];
}
