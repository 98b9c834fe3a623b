// Makes texts of the values of a head, and checks them, right before Node.js renders it. Node.js checks what setHeader is given, and
// writes it later without another look: an object that answers differently the next time, or a list that was added to, could put a line
// end, and so a field of its own, on the wire. Of the worker's time for a small response (26 µs with 3 fields, 49 with 20) this takes
// less than can be measured; 2 µs more when each text and status line was checked anew (wrk, medians of 7 alternating runs).

import { OutgoingMessage, validateHeaderValue } from 'node:http';

export type Fields = { readonly [name: string]: unknown } | readonly unknown[] | null | undefined;

type Check = (name: string, value: string) => void;

/** Where Node.js keeps what setHeader was given, [name, value] each, and recognises it by identity. */
const kHeaders = Object.getOwnPropertySymbols(new OutgoingMessage()).find(
  (symbol) => symbol.description === 'kOutHeaders',
);
if (kHeaders === undefined) {
  throw new Error(`Node.js ${process.version} keeps the fields of a response in another place.`);
}

/**
 * What `_storeHeader` shall be given: the same fields with a text, or texts, for each value that is an object. What setHeader
 * gathered is changed in place.
 * `check`: another look at each text; Node.js takes one itself at trailers.
 * @throws TypeError (ERR_INVALID_CHAR) as validateHeaderValue does
 */
export function plainFields(
  response: object,
  fields: Fields,
  check: Check = validateHeaderValue,
): Fields {
  if (fields === null || fields === undefined) return fields;
  if (Reflect.get(response, kHeaders as symbol) === fields) {
    const gathered = fields as { readonly [name: string]: unknown[] };
    // Nearly all values are texts, which cannot have changed since setHeader checked them.
    for (const name in gathered) {
      const entry = gathered[name] as unknown[];
      if (typeof entry[1] !== 'string') plainEntry(entry, check);
    }
    return fields;
  }
  if (!Array.isArray(fields)) {
    const entries = Object.entries(fields);
    return Object.fromEntries(
      entries.map(([name, value]) => [name, plainValue(name, value, check)]),
    );
  }
  const list = copyOf(fields);
  // Pairs, or names and values in turn: Node.js goes by the first.
  if (!Array.isArray(list[0])) {
    return list.map((each, index) =>
      index % 2 === 0 ? each : plainValue(list[index - 1], each, check),
    );
  }
  const pairs = list.map((pair) => copyOf(Array.isArray(pair) ? pair : []));
  for (const pair of pairs) plainEntry(pair, check);
  return pairs;
}

/** The one that was looked at last: nearly every response has the same. */
let rightLine = '';

/** One status line and nothing behind it. @throws TypeError (ERR_INVALID_CHAR) */
export function assertOneLine(firstLine: string): void {
  if (firstLine === rightLine) return;
  validateHeaderValue('status message', firstLine.replace(/\r\n$/, ''));
  rightLine = firstLine;
}

function plainEntry(entry: unknown[], check: Check): void {
  entry[1] = plainValue(entry[0], entry[1], check);
}

/** Primitives as they are; Node.js has its own word for those that may not be. */
function plainValue(name: unknown, value: unknown, check: Check): unknown {
  if (Array.isArray(value)) return copyOf(value).map((one) => plainText(name, one, check));
  return plainText(name, value, check);
}

function plainText(name: unknown, value: unknown, check: Check): unknown {
  const isText =
    typeof value === 'string' || typeof value === 'object' || typeof value === 'function';
  if (!isText || value === null) return value;
  const text = String(value);
  check(String(name), text);
  return text;
}

/** A plain array, whatever the given one makes of its methods. */
function copyOf(values: readonly unknown[]): unknown[] {
  return Array.from({ length: values.length }, (_, index) => values[index]);
}
