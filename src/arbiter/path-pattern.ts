// A path of `reload_extra_files`: a file, a folder with everything in it, or a pattern. Answers which files it means now; asked
// again it sees what has come and gone. Names that begin with a dot and what tools make are none of a developer's files.

import { type Dirent, readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** What a path means now. */
export interface Meant {
  readonly files: readonly string[];
  /** Where others may appear. */
  readonly folders: readonly string[];
}

const NOT_OURS = new Set(['node_modules', '__pycache__']);

/** `path` is absolute. A file that is not there is meant all the same: it may come. */
export function meantBy(path: string): Meant {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found?.isDirectory()) return below(path, null);
  if (found !== undefined || !/[*?[]/.test(path))
    return { files: [path], folders: [dirname(path)] };
  return below(fixedPart(path), expressionOf(path));
}

/** Whether a tool, and not a developer, has made a file or folder of this name. */
export function isOurs(name: string): boolean {
  return !name.startsWith('.') && !NOT_OURS.has(name);
}

/** The folder before the first name with a `*`. */
function fixedPart(pattern: string): string {
  const names = pattern.split('/');
  const first = names.findIndex((name) => /[*?[]/.test(name));
  return names.slice(0, first).join('/') || '/';
}

/** `**` is any number of folders, `*` and `?` stay within a name. */
function expressionOf(pattern: string): RegExp {
  const source = pattern.replace(/\*\*\/|\*\*|\*|\?|\[!?[^\]]+\]|[^*?[]+|\[/g, (part) => {
    if (part === '**/') return '(?:[^/]+/)*';
    if (part === '**') return '.*';
    if (part === '*') return '[^/]*';
    if (part === '?') return '[^/]';
    if (part.length > 1 && part.startsWith('['))
      return part.replace('[!', '[^').replace(/\\/g, '\\\\');
    return part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  });
  return new RegExp(`^${source}$`);
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
