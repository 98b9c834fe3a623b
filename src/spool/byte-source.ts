// Bytes that wait to be read by somebody slower than their maker: a spool, or a range of a file.

import type { SpoolError } from './errors.ts';

export interface ByteSource {
  /** Takes up to `maxBytes` of what is ready now; null when nothing is. The Buffer belongs to the taker. */
  read(maxBytes: number): Buffer | null;
  /** Bytes not taken yet, ready or still on disk. */
  readonly buffered: number;
  /** Called when `read` would answer something again after it answered null. */
  onReadable: (() => void) | null;
  /** The bytes are lost. Nothing else is called after it. */
  onFailed: ((error: SpoolError) => void) | null;
  /** Gives everything back; may be called twice. */
  release(): void;
}
