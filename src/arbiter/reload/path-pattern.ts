// A path of `reload_extra_files`: a file, a folder with everything in it, or a pattern. Answers which files it means now; asked
// again it sees what has come and gone. Names that begin with a dot and what tools make are none of a developer's files.

import { type Dirent, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expressionOf, isPattern } from '../../settings/path-pattern.ts';
import { whatIsAt } from '../../settings/what-is-there.ts';

/** What a path means now. */
export interface Meant {
  readonly files: readonly string[];
  /** Where others may appear. */
  readonly folders: readonly string[];
}

const NOT_OURS = new Set(['node_modules', '__pycache__']);

/** `path` is absolute. A file that is not there is meant all the same: it may come. */
export function meantBy(path: string): Meant {
  const found = whatIsAt(path);
  if (found?.isDirectory()) return below(path, null);
  const wanted = found === null && isPattern(path) ? expressionOf(path) : null;
  // A name that only looks like a pattern may have been deleted.
  if (wanted === null) return { files: [path], folders: [dirname(path)] };
  return below(fixedPart(path), wanted);
}

/** Whether a tool, and not a developer, has made a file or folder of this name. */
export function isOurs(name: string): boolean {
  return !name.startsWith('.') && !NOT_OURS.has(name);
}

/** The folder before the first name with a `*`. */
function fixedPart(pattern: string): string {
  const names = pattern.split('/');
  const first = names.findIndex(isPattern);
  return names.slice(0, first).join('/') || '/';
}

/** Links to folders are not followed: they may lead in a circle. */
function below(root: string, wanted: RegExp | null): Meant {
  const folders = [root];
  const files: string[] = [];
  for (const folder of folders) {
    for (const entry of entriesOf(folder)) {
      if (!isOurs(entry.name)) continue;
      const path = join(folder, entry.name);
      if (entry.isDirectory()) folders.push(path);
      else if (wanted === null || wanted.test(path)) files.push(path);
    }
  }
  return { files, folders };
}

function entriesOf(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
}
