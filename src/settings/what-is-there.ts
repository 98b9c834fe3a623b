// What stands at a path, for questions whose answer may be "nothing". Node.js's own way to ask without an exception still throws
// where a file is named as if it were a folder.

import { type Stats, statSync } from 'node:fs';

/** null where nothing is that we could look at: also behind a file, as if that were a folder, or in a folder that is closed to us. */
export function whatIsAt(path: string): Stats | null {
  try {
    return statSync(path);
  } catch {
    return null;
  }
}
