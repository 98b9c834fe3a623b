// A client's key as it is kept and travels: short, whatever a client has put into a header.

import { createHash } from 'node:crypto';

/** Addresses and the keys of most APIs are shorter. Workers send no longer ones, and the arbiter takes none. */
export const KEY_LENGTH_MAX = 128;

export function boundedKey(key: string): string {
  if (key.length <= KEY_LENGTH_MAX) return key;
  return `#${createHash('sha256').update(key).digest('base64url')}`;
}
