// Writes Python's marshal format (as much of it as a dict of strings needs) into a buffer that the caller owns. It is
// the format that CPython reads fastest: a whole environ becomes a dict in one call. Every version from 3.4 on reads it.
//
// A function returns the offset after what it wrote and does not check the bounds: callers reserve `spaceFor` first.

import { Buffer } from 'node:buffer';

const DICT = 0x7b; // '{', pairs follow, '0' ends it
const NULL = 0x30; // '0'
const SHORT_ASCII = 0x7a; // 'z', one length byte
const SHORT_ASCII_INTERNED = 0x5a; // 'Z'
const UTF8 = 0x75; // 'u', four length bytes

/** Beyond this a native write is cheaper than a loop over the characters (bench/python-bridge.ts). */
const LOOP_MAX = 24;

/** Upper bound of the bytes that a string takes: five of type and length, two for each latin-1 character. */
export function spaceFor(text: string): number {
  return 5 + 2 * text.length;
}

export function openDict(into: Buffer, at: number): number {
  into[at] = DICT;
  return at + 1;
}

export function closeDict(into: Buffer, at: number): number {
  into[at] = NULL;
  return at + 1;
}

/** A string of latin-1 characters (0 to 0xff): short ASCII as 'z', everything else as 'u'. */
export function writeString(into: Buffer, at: number, text: string): number {
  const length = text.length;
  if (length > LOOP_MAX) {
    return writeLongString(into, at, text);
  }
  let position = at + 2;
  let seen = 0;
  for (let index = 0; index < length; index += 1) {
    const code = text.charCodeAt(index);
    seen |= code;
    into[position] = code;
    position += 1;
  }
  if (seen > 0x7f) {
    return writeUtf8(into, at, text);
  }
  into[at] = SHORT_ASCII;
  into[at + 1] = length;
  return position;
}

/** A key of the dict, ready to be copied: interned, so that the application's own constants find it by identity. */
export function encodeKey(name: string): Buffer {
  const key = Buffer.alloc(spaceFor(name));
  const length = writeString(key, 0, name);
  if (key[0] === SHORT_ASCII) {
    key[0] = SHORT_ASCII_INTERNED;
  }
  return key.subarray(0, length);
}

function writeLongString(into: Buffer, at: number, text: string): number {
  if (text.length > 255 || !isAscii(text)) {
    return writeUtf8(into, at, text);
  }
  into[at] = SHORT_ASCII;
  into[at + 1] = text.length;
  return at + 2 + into.write(text, at + 2, 'latin1');
}

function writeUtf8(into: Buffer, at: number, text: string): number {
  const written = into.write(text, at + 5, 'utf8');
  into[at] = UTF8;
  into.writeUInt32LE(written, at + 1);
  return at + 5 + written;
}

function isAscii(text: string): boolean {
  for (let index = 0; index < text.length; index += 1) {
    if (text.charCodeAt(index) > 0x7f) {
      return false;
    }
  }
  return true;
}
