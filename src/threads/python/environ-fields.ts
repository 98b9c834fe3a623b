// The header fields of a request as environ entries (HTTP_*, CONTENT_TYPE), in marshal format. A client on keep-alive
// sends the same block again and again and the parser then hands out the same array, so blocks are remembered by it.

import { Buffer } from 'node:buffer';
import { encodeKey, spaceFor, writeString } from '../../wire/marshal.ts';

/** An array is remembered when it comes a second time within this many others: a block seen once costs no memory. */
const CANDIDATES = 16;
/** Names of fields whose encoded key is kept. Clients may invent names, so there is a bound. */
const KEYS_MAX = 512;
/** Fields that are not passed on: the length is that of the body as it arrived, the coding has been undone. */
const DROPPED = new Set(['content-length', 'transfer-encoding']);
/**
 * Up to so many entries are gone over for each field, which is quicker than a map (ten fields: 0.6 and 1.1 us); beyond it
 * that would grow with the square of what a client may send.
 */
const FEW = 32;

interface Entry {
  readonly key: KeyOfName;
  value: string;
}

export class FieldsEncoder {
  readonly #blocks = new WeakMap<readonly string[], Buffer>();
  readonly #candidates: (readonly string[] | null)[] = new Array(CANDIDATES).fill(null);
  #next = 0;
  /** Field name as sent -> its key in environ; null for a name that is dropped. */
  readonly #keys = new Map<string, KeyOfName | null>();

  /** All entries of the block, without the dict around them. `fields`: name, value, name, value ... */
  encode(fields: readonly string[]): Buffer {
    const known = this.#blocks.get(fields);
    if (known !== undefined) {
      return known;
    }
    const block = this.#encode(fields);
    if (this.#candidates.includes(fields)) {
      this.#blocks.set(fields, block);
    } else {
      this.#candidates[this.#next] = fields;
      this.#next = (this.#next + 1) % CANDIDATES;
    }
    return block;
  }

  #encode(fields: readonly string[]): Buffer {
    const entries = this.#collect(fields);
    let space = 0;
    for (const entry of entries) {
      space += entry.key.bytes.length + spaceFor(entry.value);
    }
    const into = Buffer.allocUnsafe(space);
    let at = 0;
    for (const entry of entries) {
      into.set(entry.key.bytes, at);
      at = writeString(into, at + entry.key.bytes.length, entry.value);
    }
    return into.subarray(0, at);
  }

  #collect(fields: readonly string[]): Entry[] {
    const entries: Entry[] = [];
    let byName: Map<string, Entry> | null = null;
    for (let index = 0; index + 1 < fields.length; index += 2) {
      const key = this.#key(fields[index] ?? '');
      if (key === null) {
        continue;
      }
      const value = fields[index + 1] ?? '';
      const before: Entry | undefined =
        byName === null
          ? entries.find((entry) => entry.key.name === key.name)
          : byName.get(key.name);
      if (before !== undefined) {
        before.value += key.separator + value;
        continue;
      }
      const entry = { key, value };
      entries.push(entry);
      if (byName !== null) byName.set(key.name, entry);
      else if (entries.length > FEW) byName = new Map(entries.map((each) => [each.key.name, each]));
    }
    return entries;
  }

  #key(name: string): KeyOfName | null {
    const known = this.#keys.get(name);
    if (known !== undefined) {
      return known;
    }
    const key = keyOf(name);
    if (this.#keys.size < KEYS_MAX) {
      this.#keys.set(name, key);
    }
    return key;
  }
}

interface KeyOfName {
  /** The key in environ, the same for every spelling of the name. */
  readonly name: string;
  readonly bytes: Buffer;
  /** What repeated fields are joined by: RFC 9110, 5.3, and RFC 6265, 4.2.1 for cookies. */
  readonly separator: string;
}

/**
 * Null for what is not passed on. A name with an underscore has the key of the one with a dash; the parser drops or
 * refuses it before it comes here, unless header_map says otherwise.
 */
function keyOf(name: string): KeyOfName | null {
  const lower = name.toLowerCase();
  if (DROPPED.has(lower)) {
    return null;
  }
  const key =
    lower === 'content-type' ? 'CONTENT_TYPE' : `HTTP_${lower.toUpperCase().replaceAll('-', '_')}`;
  return { name: key, bytes: encodeKey(key), separator: lower === 'cookie' ? '; ' : ',' };
}
