// A path as limits compare it, so that none can be gone around by writing it in another way: encoded, with two slashes, with a
// backslash, in capitals, with dots. Applications read such paths in different ways, and a limit holds for what any of them
// might: it is better to be too wide by a path that nobody has than too narrow by one that an attacker finds. Pure.

import { percentDecoded } from '../percent.ts';

export interface PathForms {
  /** In small letters, decoded once, with one slash where there were several. */
  readonly plain: string;
  /** The same with `.` and `..` gone; mostly the same string. */
  readonly resolved: string;
}

/** What most paths have none of. */
const UNPLAIN = /[A-Z%\\\u0080-\uffff]|\/[/.]/;
const DOTS = /\/\.{1,2}(?:\/|$)/;

export function pathForms(path: string): PathForms {
  const plain = plainPath(path);
  return { plain, resolved: DOTS.test(plain) ? resolved(plain) : plain };
}

export function plainPath(path: string): string {
  if (!UNPLAIN.test(path)) return path;
  return percentDecoded(path)
    .replace(/[/\\]+/g, '/')
    .toLowerCase();
}

/** RFC 3986, 5.2.4; no further up than the root. */
function resolved(path: string): string {
  const parts = path.split('/').slice(1);
  const kept: string[] = [];
  for (const part of parts) {
    if (part === '..') kept.pop();
    else if (part !== '.') kept.push(part);
  }
  const last = parts.at(-1);
  return `/${kept.join('/')}${(last === '.' || last === '..') && kept.length > 0 ? '/' : ''}`;
}
