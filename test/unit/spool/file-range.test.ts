// A range of a file as a source of bytes, and the blocks that it and the spool read into.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { SpoolError } from '../../../src/spool/errors.ts';
import { FileRange } from '../../../src/spool/file-range.ts';
import {
  lendReadBuffer,
  readBlockBytes,
  recycleReadBuffer,
} from '../../../src/spool/read-buffers.ts';

let directory = '';
let path = '';
const content = Buffer.from(Array.from({ length: 200_000 }, (_, index) => index % 251));

before(() => {
  directory = fs.mkdtempSync(join(tmpdir(), 'tunicorn-range-test-'));
  path = join(directory, 'content');
  fs.writeFileSync(path, content);
});
after(() => fs.rmSync(directory, { recursive: true }));

async function readAll(range: FileRange, maxBytes: number): Promise<Buffer> {
  const pieces: Buffer[] = [];
  while (range.buffered > 0) {
    const readable = new Promise<void>((resolve, reject) => {
      range.onReadable = resolve;
      range.onFailed = reject;
    });
    const piece = range.read(maxBytes);
    if (piece === null) await readable;
    else {
      assert.ok(piece.length <= maxBytes);
      pieces.push(Buffer.from(piece));
    }
  }
  return Buffer.concat(pieces);
}

test('the range comes out whole and nothing beyond it', async () => {
  for (const [offset, length, maxBytes] of [
    [0, 200_000, 1 << 20],
    [7, 150_001, 10_000],
    [199_999, 1, 5],
    [5, 0, 5],
  ] as const) {
    const range = new FileRange(fs.openSync(path, 'r'), offset, length);
    assert.equal(range.buffered, length);
    assert.ok((await readAll(range, maxBytes)).equals(content.subarray(offset, offset + length)));
    range.release();
  }
});

test('a file shorter than promised is an error after its last byte', async () => {
  const range = new FileRange(fs.openSync(path, 'r'), 199_990, 20);
  await assert.rejects(readAll(range, 1 << 20), (error: SpoolError) => {
    assert.equal(error.code, 'spool-broken');
    return error.message.includes('10 bytes early');
  });
  assert.equal(range.buffered, 0);
});

test('the descriptor is closed once, after the read under way', async () => {
  const fd = fs.openSync(path, 'r');
  const range = new FileRange(fd, 0, 200_000);
  range.onReadable = () => assert.fail('called after release');
  range.read(1);
  range.release();
  range.release();
  const closed = () => {
    try {
      return fs.readlinkSync(`/proc/self/fd/${fd}`) !== path;
    } catch {
      return true;
    }
  };
  while (!closed()) await new Promise(setImmediate);
  assert.equal(range.read(1), null);
});

test('a block that is brought back is lent again; a part, a stranger or a second time is not', () => {
  const block = lendReadBuffer(readBlockBytes);
  recycleReadBuffer(block.subarray(1));
  recycleReadBuffer(Buffer.alloc(readBlockBytes));
  assert.notEqual(lendReadBuffer(readBlockBytes), block);
  recycleReadBuffer(block);
  recycleReadBuffer(block);
  assert.equal(lendReadBuffer(readBlockBytes), block);
  assert.notEqual(lendReadBuffer(readBlockBytes), block);
});
