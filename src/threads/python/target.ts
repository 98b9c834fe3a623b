// What WSGI wants of a request target: the path with its percent-encoding undone, one latin-1 character per byte
// (PEP 3333, "Unicode Issues"), and the query as it was sent.

import { Buffer } from 'node:buffer';

/** Splits at the first "?"; of an absolute-form target (RFC 9112, 3.2.2) only what follows the authority counts. */
export function splitTarget(target: string): { path: string; query: string } {
  const start = target.startsWith('/') ? 0 : endOfAuthority(target);
  const mark = target.indexOf('?', start);
  return mark < 0
    ? { path: target.slice(start), query: '' }
    : { path: target.slice(start, mark), query: target.slice(mark + 1) };
}

/** Undoes %XX; what is not two hexadecimal digits stays as it is, as in urllib.parse.unquote_to_bytes. */
export function percentDecode(path: string): string {
  if (!path.includes('%')) {
    return path;
  }
  const bytes = Buffer.allocUnsafe(path.length);
  let length = 0;
  for (let index = 0; index < path.length; index += 1) {
    let code = path.charCodeAt(index);
    if (code === PERCENT) {
      const value =
        hexDigit(path.charCodeAt(index + 1)) * 16 + hexDigit(path.charCodeAt(index + 2));
      if (value >= 0) {
        code = value;
        index += 2;
      }
    }
    bytes[length] = code;
    length += 1;
  }
  return bytes.toString('latin1', 0, length);
}

const PERCENT = 0x25;

function endOfAuthority(target: string): number {
  const scheme = target.indexOf('://');
  if (scheme < 0) {
    return 0;
  }
  for (let index = scheme + 3; index < target.length; index += 1) {
    const character = target[index];
    if (character === '/' || character === '?') {
      return index;
    }
  }
  return target.length;
}

/** 0 to 15; far below zero for what is no hexadecimal digit (NaN past the end included). */
function hexDigit(code: number): number {
  if (code >= 0x30 && code <= 0x39) {
    return code - 0x30;
  }
  const letter = code | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1000;
}
