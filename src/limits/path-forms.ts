// A path as limits compare it, so that none can be gone around by writing it in another way: encoded, with two slashes, with a
// backslash, in capitals, with dots. Applications read such paths in different ways, and a limit holds for what any of them
// might: it is better to be too wide by a path that nobody has than too narrow by one that an attacker finds. Pure.

import { percentDecoded } from '../percent.ts';

/** All that one path may be read as; mostly one. In small letters, decoded once, with one slash where there were several. */
export type PathForms = readonly string[];

/** What most paths have none of. */
const UNPLAIN = /[A-Z%\\\u0080-\uffff]|\/[/.]/;
/** A segment of dots, encoded or not, in a path or in what it is decoded to. */
const DOTS = /(?:^|[/\\]|%2f|%5c)(?:\.|%2e){1,2}(?:$|[/\\]|%2f|%5c)/i;
const DOT = /^(?:\.|%2e)$/i;
const TWO_DOTS = /^(?:\.|%2e){2}$/i;

/** To `new URL(path, base)`, which many applications ask, the name of a host: what follows is the path. */
const HOST = /^[/\\]{2,}[^/\\]*/;

export function pathForms(path: string): PathForms {
  if (!HOST.test(path)) return formsOf(path);
  return [...new Set([...formsOf(path), ...formsOf(path.replace(HOST, '') || '/')])];
}

function formsOf(path: string): PathForms {
  const plain = plainPath(path);
  if (!DOTS.test(path)) return [plain];
  // Dots go before or behind decoding, and several slashes are one before that, behind it, or never.
  const merged = path.replace(/[/\\]+/g, '/');
  const forms = [plain, resolved(plain), plainPath(resolved(path)), plainPath(resolved(merged))];
  return [...new Set(forms)];
}

/** Where it leads somebody has to work out first. */
export function hasDots(path: string): boolean {
  return DOTS.test(path);
}

export function plainPath(path: string): string {
  if (!UNPLAIN.test(path)) return path;
  return percentDecoded(path)
    .replace(/[/\\]+/g, '/')
    .toLowerCase();
}

/** RFC 3986, 5.2.4, and as URLs of browsers have it: a backslash is a slash, no further up than the root. */
function resolved(path: string): string {
  const parts = path.split(/[/\\]/).slice(1);
  const kept: string[] = [];
  for (const part of parts) {
    if (TWO_DOTS.test(part)) kept.pop();
    else if (!DOT.test(part)) kept.push(part);
  }
  const last = parts.at(-1) ?? '';
  const isFolder = (DOT.test(last) || TWO_DOTS.test(last)) && kept.length > 0;
  return `/${kept.join('/')}${isFolder ? '/' : ''}`;
}
