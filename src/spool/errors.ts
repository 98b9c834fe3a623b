// What can go wrong with a temporary file, in words for the log and as a code for whoever must answer the client.
// Each message names the folder and the cause, because the remedy is always there and never in the request.

export type SpoolErrorCode =
  /** No space, quota or file-size limit reached. */
  | 'spool-full-disk'
  /** The folder is missing, read-only or not ours to write. */
  | 'spool-unwritable'
  /** The process or the system has no free file descriptor. */
  | 'spool-out-of-descriptors'
  /** One body is larger than one may be (`fileBytes`), and it may not wait. */
  | 'spool-over-limit'
  /** All spools of the worker together have used the budget, and this one may not wait. */
  | 'spool-over-budget'
  /** The disk failed, or somebody else changed the file. */
  | 'spool-broken';

export class SpoolError extends Error {
  override readonly name = 'SpoolError';
  readonly code: SpoolErrorCode;

  constructor(code: SpoolErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
  }
}

const codeByErrno: Readonly<Record<string, SpoolErrorCode>> = {
  ENOSPC: 'spool-full-disk',
  EDQUOT: 'spool-full-disk',
  EFBIG: 'spool-full-disk',
  EACCES: 'spool-unwritable',
  EPERM: 'spool-unwritable',
  EROFS: 'spool-unwritable',
  ENOENT: 'spool-unwritable',
  ENOTDIR: 'spool-unwritable',
  EMFILE: 'spool-out-of-descriptors',
  ENFILE: 'spool-out-of-descriptors',
};

/** The SpoolError for a failed system call. `deed` completes "Cannot ..." as in "write a temporary file". */
export function spoolErrorFrom(cause: Error, deed: string, directory: string): SpoolError {
  const errno = 'code' in cause && typeof cause.code === 'string' ? cause.code : '';
  const code = codeByErrno[errno] ?? 'spool-broken';
  return new SpoolError(code, `Cannot ${deed} in ${directory}: ${cause.message}`, cause);
}

/** The SpoolError for a body that may not wait for room. */
export function spoolErrorFull(code: 'spool-over-limit' | 'spool-over-budget'): SpoolError {
  return new SpoolError(
    code,
    code === 'spool-over-limit'
      ? 'The body is larger than one body may be in a temporary file'
      : 'The temporary files of this worker together have reached their limit',
  );
}
