// How many files this process may have open and how many it has, as Linux tells in /proc. Node.js has raised the soft limit
// to the hard one when it started; `prlimit` may change it at any time.

import { readdirSync, readFileSync, statSync } from 'node:fs';

const FOLDER = '/proc/self/fd';

export interface DescriptorSource {
  /** The most that this process may have; null where that is unknown, or cannot be read now. */
  limit(): number | null;
  /** How many it has now; null where that is unknown, Infinity when none is left even for counting. */
  count(): number | null;
}

/** This process. */
export const ownDescriptors: DescriptorSource = {
  limit: () => {
    try {
      const limits = readFileSync('/proc/self/limits', 'latin1');
      const soft = /^Max open files\s+(\d+)/m.exec(limits)?.[1];
      return soft === undefined ? null : Number(soft);
    } catch {
      return null;
    }
  },
  count: () => {
    try {
      // Linux 6.2 and later say it without a walk, which takes a microsecond for each of them.
      const { size } = statSync(FOLDER);
      // The directory itself is open while it is read.
      return size > 0 ? size : readdirSync(FOLDER).length - 1;
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? error.code : '';
      return code === 'EMFILE' || code === 'ENFILE' ? Number.POSITIVE_INFINITY : null;
    }
  },
};
