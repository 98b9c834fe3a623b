// Response header fields in the form in which they leave: a flat list name, value, name, value with lower-case names.
// Only what is plainly valid is taken; everything else is left to Node's own Headers, which knows the right error.

const NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/** Null when Node's own class should look at it. */
export function headerList(init: unknown): string[] | null {
  const list: string[] = [];
  if (init === undefined || init === null) return list;
  if (typeof init !== 'object') return null;
  if (init instanceof Headers) {
    // A class of the application's own may be one, and yield what it likes.
    for (const [name, value] of init) if (!add(list, name, value)) return null;
    return list;
  }
  if (Array.isArray(init)) {
    for (const pair of init as unknown[]) {
      if (!Array.isArray(pair) || pair.length !== 2 || !add(list, pair[0], pair[1])) return null;
    }
    return list;
  }
  if (Symbol.iterator in init) return null;
  for (const name of Object.keys(init)) {
    if (!add(list, name, (init as { readonly [name: string]: unknown })[name])) return null;
  }
  return list;
}

export function hasName(list: readonly string[], name: string): boolean {
  for (let at = 0; at < list.length; at += 2) if (list[at] === name) return true;
  return false;
}

/** Field lines as ReplyHead wants them. */
export function fieldLines(entries: Iterable<readonly [string, string]>): string {
  let lines = '';
  for (const [name, value] of entries) lines += `${name}: ${value}\r\n`;
  return lines;
}

export function listLines(list: readonly string[]): string {
  let lines = '';
  for (let at = 0; at < list.length; at += 2) lines += `${list[at]}: ${list[at + 1]}\r\n`;
  return lines;
}

function add(list: string[], name: unknown, value: unknown): boolean {
  if (typeof name !== 'string' || typeof value !== 'string') return false;
  if (!NAME.test(name) || !VALUE.test(value)) return false;
  list.push(name.toLowerCase(), value.trim());
  return true;
}
