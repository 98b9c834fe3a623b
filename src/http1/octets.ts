// The alphabets of HTTP/1.1 as lookup tables, one byte in, one answer out. Every scanner of this folder asks these
// tables, so that what is a token or a field value is decided in one place.

export const TAB = 0x09;
export const LF = 0x0a;
export const CR = 0x0d;
export const SPACE = 0x20;
export const COLON = 0x3a;
export const SEMICOLON = 0x3b;
export const UNDERSCORE = 0x5f;

const ALPHANUMERIC = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

function tableOf(characters: string): Uint8Array {
  const table = new Uint8Array(256);
  for (const character of characters) table[character.charCodeAt(0)] = 1;
  return table;
}

function tableOfRange(first: number, last: number, table = new Uint8Array(256)) {
  return table.fill(1, first, last + 1);
}

/** tchar (RFC 9110, 5.6.2): methods and field names. */
export const TOKEN = tableOf(`!#$%&'*+-.^_\`|~${ALPHANUMERIC}`);

/** Names that WSGI can tell apart: `_` and `-` are one character in environ. */
export const NAME_WITHOUT_UNDERSCORE = TOKEN.slice();
NAME_WITHOUT_UNDERSCORE[UNDERSCORE] = 0;

/** tchar of a method by convention: every registered one is spelt in capitals, and none holds `#`. */
export const METHOD_TOKEN = TOKEN.slice();
METHOD_TOKEN.fill(0, 0x61, 0x7b);
METHOD_TOKEN[0x23] = 0;

/** What a field value may hold (RFC 9110, 5.5): tab, blank, visible characters, obs-text. No 0x7f, no other control. */
export const VALUE = tableOfRange(0x20, 0x7e, tableOfRange(0x80, 0xff));
VALUE[TAB] = 1;

/**
 * What a request target may hold. Wider than RFC 3986 on purpose: browsers send `|`, `"` and the like, and bytes of 0x80
 * and above pass as latin-1, as with Gunicorn. No control character, no blank, and no `#`: a fragment is never sent.
 */
export const TARGET = tableOfRange(0x21, 0x7e, tableOfRange(0x80, 0xff));
TARGET[0x23] = 0;

/** Characters of a reg-name or IPv4 address (RFC 3986, 3.2.2) without `%`, which its reader checks itself. */
export const HOST = tableOf(`-._~!$&'()*+,;=${ALPHANUMERIC}`);

/** Value of a hexadecimal digit, 255 for every other byte. */
export const HEX = new Uint8Array(256).fill(255);
for (let digit = 0; digit < 16; digit++) {
  HEX[digit.toString(16).charCodeAt(0)] = digit;
  HEX[digit.toString(16).toUpperCase().charCodeAt(0)] = digit;
}

export function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

/** True when `text` is a token: not empty, tchar only. */
export function isToken(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (TOKEN[text.charCodeAt(i)] !== 1) return false;
  return text.length > 0;
}

/**
 * True when every character of `text` from `start` to `end` may stand in a field value; false for characters above 0xff,
 * which no byte can carry.
 */
export function isValue(text: string, start = 0, end = text.length): boolean {
  for (let i = start; i < end; i++) if (VALUE[text.charCodeAt(i)] !== 1) return false;
  return true;
}

/**
 * `text` from `start` to `end` without optional white space at its ends (RFC 9110, 5.6.3: blank and tab). Not
 * String.trim(): that also takes 0xa0 away, which is data in latin-1.
 */
export function trimmed(text: string, start: number, end: number): string {
  let first = start;
  let last = end;
  while (first < last && isBlank(text.charCodeAt(first))) first++;
  while (last > first && isBlank(text.charCodeAt(last - 1))) last--;
  return text.slice(first, last);
}

/** Optional white space: blank and tab. */
export function isBlank(code: number): boolean {
  return code === SPACE || code === TAB;
}

/** The members of a comma-separated list (RFC 9110, 5.6.1), trimmed, lower case, empty ones kept for the caller to judge. */
export function listMembers(value: string): string[] {
  const members = value.toLowerCase().split(',');
  return members.map((member) => trimmed(member, 0, member.length));
}
