// What a proxy in front may say of a request, as far as reading a head goes: which fields with an underscore it may send,
// and what it says by its fields. Who is such a proxy, and which fields count, is not known here.

import type { Forwarded } from '../threads/app-thread.ts';
import type { ProtocolError } from './errors.ts';

export interface Forwarding {
  /** A field of this name (any case) is passed on, whatever becomes of other names with an underscore. */
  keeps(name: string): boolean;
  /**
   * What the fields of one request say; null when they say nothing. The same object for what is said again and again, so
   * that others can know it by its identity.
   * @param fields name, value, name, value, as received
   */
  understand(fields: readonly string[]): Forwarded | ProtocolError | null;
}
