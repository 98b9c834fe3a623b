// A spool seen from outside: what goes in comes out, memory and budget keep their bounds, and nothing stays behind.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { SpoolBudget } from '../../../src/spool/budget.ts';
import type { SpoolError } from '../../../src/spool/errors.ts';
import { Spool, type SpoolOptions, type WholeBody } from '../../../src/spool/spool.ts';
import { eventually } from '../../support/eventually.ts';

const KiB = 1024;
const MiB = 1024 * KiB;
let directory = '';

before(() => {
  directory = fs.mkdtempSync(join(tmpdir(), 'tunicorn-spool-test-'));
});
after(() => {
  assert.deepEqual(fs.readdirSync(directory), [], 'no file may be left');
  fs.rmdirSync(directory);
});

interface Made {
  readonly spool: Spool;
  readonly budget: SpoolBudget;
}

function make(options: Partial<SpoolOptions>): Made {
  const budget = options.budget ?? new SpoolBudget(1024 * MiB);
  const spool = new Spool({ memoryBytes: 64 * KiB, fileBytes: 0, directory, ...options, budget });
  return { spool, budget };
}

/** Bytes that tell their place, so that an order mixed up is seen. */
function numbered(length: number, from = 0): Buffer {
  const bytes = Buffer.allocUnsafeSlow(length);
  for (let index = 0; index < length; index += 1)
    bytes[index] = ((from + index) * 2654435761) >>> 24;
  return bytes;
}

/** Resolves when the spool calls back by that name. */
function called(spool: Spool, name: 'onReadable' | 'onRoom'): Promise<void> {
  return new Promise((resolve) => {
    spool[name] = resolve;
  });
}

function failed(spool: Spool): Promise<SpoolError> {
  return new Promise((resolve) => {
    spool.onFailed = resolve;
  });
}

function whole(spool: Spool): Promise<WholeBody> {
  return new Promise((resolve) => spool.complete(resolve));
}

/** Reads until `bytes` have come or the spool is drained. */
async function readAll(spool: Spool, bytes = Number.POSITIVE_INFINITY): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let count = 0;
  while (count < bytes && !spool.drained) {
    const readable = called(spool, 'onReadable');
    const piece = spool.read(64 * KiB);
    if (piece === null) {
      if (!spool.drained) await readable;
      continue;
    }
    assert.ok(piece.length <= 64 * KiB, 'no more than asked for');
    pieces.push(piece);
    count += piece.length;
  }
  return Buffer.concat(pieces);
}

/** Writes until the spool says it is full; answers how many bytes it took. */
function fill(spool: Spool, pieceBytes: number, mostBytes: number): number {
  let written = 0;
  while (written < mostBytes) {
    const room = spool.write(numbered(pieceBytes, written));
    written += pieceBytes;
    if (!room) break;
  }
  return written;
}

test('a body below the memory bound is handed over without a copy and without a file', () => {
  const { spool, budget } = make({});
  const first = numbered(20 * KiB);
  const second = numbered(30 * KiB, 20 * KiB);
  assert.equal(spool.write(first), true);
  assert.equal(spool.write(second), true);
  spool.end();
  assert.equal(spool.buffered, 50 * KiB);
  assert.equal(spool.read(64 * KiB), first);
  assert.equal(spool.drained, false);
  assert.equal(spool.read(64 * KiB), second);
  assert.equal(spool.drained, true);
  assert.equal(spool.read(64 * KiB), null);
  assert.equal(budget.used, 0);
  spool.release();
});

test('a body beyond the memory bound goes through a file and comes out in order', async () => {
  const { spool, budget } = make({});
  let written = 0;
  while (written < 4 * MiB) {
    const room = called(spool, 'onRoom');
    const taken = spool.write(numbered(32 * KiB, written));
    written += 32 * KiB;
    if (!taken) await room;
  }
  spool.end();
  assert.ok(budget.used > 3 * MiB, 'most of it is in the file');
  assert.equal(budget.used, spool.fileUsed);
  const out = await readAll(spool);
  assert.ok(out.equals(numbered(4 * MiB)));
  assert.equal(budget.used, 0, 'a file read to its end gives its place back');
  spool.release();
});

test('while the disk is slow the writer is refused at the memory bound', async () => {
  const { spool } = make({ memoryBytes: MiB });
  // One turn of the loop: no file write can have been completed.
  const written = fill(spool, 64 * KiB, 64 * MiB);
  assert.ok(written > MiB && written <= MiB + 128 * KiB, `${written} bytes were taken`);
  assert.equal(spool.memoryUsed, written);
  await called(spool, 'onRoom');
  assert.ok(spool.memoryUsed <= MiB / 2, 'half the room is free before the writer is called');
  assert.equal(spool.write(numbered(1)), true);
  spool.release();
});

test('a reader that catches up is served from memory again', async () => {
  const { spool, budget } = make({});
  fill(spool, 32 * KiB, 256 * KiB);
  await readAll(spool, spool.buffered);
  assert.equal(spool.buffered, 0);
  assert.equal(budget.used, 0);
  const piece = numbered(5 * KiB);
  spool.write(piece);
  assert.equal(spool.read(64 * KiB), piece, 'no way through a file');
  spool.release();
});

test('onReadable comes once after a read that found nothing, also for the end', () => {
  const { spool } = make({});
  let calls = 0;
  assert.equal(spool.read(1), null);
  spool.onReadable = () => {
    calls += 1;
  };
  spool.write(numbered(10));
  spool.write(numbered(10));
  assert.equal(calls, 1);
  assert.notEqual(spool.read(100), null);
  assert.notEqual(spool.read(100) ?? spool.drained, null);
  assert.equal(spool.read(100), null);
  spool.end();
  assert.equal(calls, 2);
  assert.equal(spool.drained, true);
  spool.release();
});

test('a reader that takes everything inside write() leaves room behind', () => {
  const { spool } = make({ memoryBytes: 256 * KiB });
  spool.onReadable = () => {
    while (spool.read(64 * KiB) !== null);
  };
  assert.equal(spool.write(numbered(100 * KiB)), true);
  assert.equal(spool.buffered, 0);
  spool.release();
});

test('at fileBytes the writer waits, nothing fails, and everything arrives', async () => {
  const { spool, budget } = make({ fileBytes: 256 * KiB });
  let written = 0;
  const writing = (async () => {
    while (written < 2 * MiB) {
      const room = called(spool, 'onRoom');
      const taken = spool.write(numbered(16 * KiB, written));
      written += 16 * KiB;
      assert.ok(budget.used <= 256 * KiB, 'the file keeps its bound');
      if (!taken) await room;
    }
    spool.end();
  })();
  const out = await readAll(spool);
  await writing;
  assert.ok(out.equals(numbered(2 * MiB)));
  spool.release();
});

test('a spool refused by the budget goes on when another gives back', async () => {
  const budget = new SpoolBudget(300 * KiB);
  const first = make({ budget }).spool;
  const second = make({ budget }).spool;
  fill(first, 64 * KiB, 256 * KiB);
  await called(first, 'onRoom');
  first.write(numbered(100 * KiB));
  const room = called(second, 'onRoom');
  assert.equal(second.write(numbered(290 * KiB)), false);
  assert.equal(second.fileUsed, 0, 'refused');
  first.release();
  await room;
  assert.ok(second.fileUsed > 0);
  second.release();
  assert.equal(budget.used, 0);
});

test('a body that may not wait fails at its own bound and at the budget, with a code for each', async () => {
  const limited = make({ fileBytes: 128 * KiB, whenFull: 'fail' });
  const overLimit = failed(limited.spool);
  assert.equal(
    limited.spool.write(numbered(128 * KiB)),
    false,
    'larger than memory: written first',
  );
  await called(limited.spool, 'onRoom');
  limited.spool.write(numbered(128 * KiB));
  assert.equal((await overLimit).code, 'spool-over-limit');
  assert.equal(limited.budget.used, 0);
  assert.equal(limited.spool.write(numbered(1)), false);

  const poor = make({ budget: new SpoolBudget(10), whenFull: 'fail' });
  const overBudget = failed(poor.spool);
  assert.equal(poor.spool.write(numbered(65 * KiB)), false);
  assert.equal((await overBudget).code, 'spool-over-budget');
  assert.equal(poor.budget.used, 0);
});

test('a complete body is nothing, bytes, or a file that another process can open', async () => {
  const none = make({ whenFull: 'fail' }).spool;
  none.end();
  assert.deepEqual(await whole(none), { kind: 'none' });
  none.release();

  const small = make({ whenFull: 'fail' }).spool;
  const piece = numbered(9 * KiB);
  small.write(piece);
  small.end();
  const bytes = await whole(small);
  assert.ok(bytes.kind === 'bytes' && bytes.bytes === piece, 'one piece is not copied');
  small.release();

  const { spool, budget } = make({ memoryBytes: 1000, whenFull: 'fail' });
  spool.write(numbered(70 * KiB));
  spool.write(numbered(500, 70 * KiB));
  const asked = whole(spool);
  spool.end();
  const file = await asked;
  assert.ok(file.kind === 'file');
  assert.equal(file.length, 70 * KiB + 500);
  assert.ok(fs.readFileSync(file.path).equals(numbered(file.length)));
  assert.equal(fs.statSync(file.path).mode & 0o777, 0o600);
  assert.equal(budget.used, file.length);
  spool.release();
  assert.equal(budget.used, 0);
});

test('release in the middle of a file write gives back everything, and nothing is called afterwards', async () => {
  const { spool, budget } = make({});
  spool.onRoom = spool.onReadable = () => {};
  fill(spool, 64 * KiB, 256 * KiB);
  assert.ok(budget.used > 0, 'a write is under way');
  spool.onRoom = spool.onReadable = () => assert.fail('called after release');
  spool.onFailed = () => assert.fail('failed after release');
  spool.release();
  spool.release();
  assert.equal(budget.used, 0);
  assert.equal(spool.memoryUsed, 0);
  assert.equal(spool.read(1), null);
  assert.equal(spool.write(numbered(1)), false);
});

test('a folder that is not there fails a body that may not wait, once, with its name in the message', async () => {
  const missing = join(directory, 'not-there');
  const { spool, budget } = make({ directory: missing, whenFull: 'fail' });
  spool.write(numbered(65 * KiB));
  const error = await failed(spool);
  assert.equal(error.code, 'spool-unwritable');
  assert.ok(error.message.includes(missing), error.message);
  assert.equal(budget.used, 0);
  assert.equal(spool.memoryUsed, 0);
});

test('one byte at a time costs bytes, not objects', () => {
  const { spool } = make({ memoryBytes: MiB });
  for (let count = 0; count < 100_000; count += 1) spool.write(numbered(1, count));
  let pieces = 0;
  let bytes = 0;
  for (let piece = spool.read(MiB); piece !== null; piece = spool.read(MiB)) {
    assert.ok(piece.equals(numbered(piece.length, bytes)));
    bytes += piece.length;
    pieces += 1;
  }
  assert.equal(bytes, 100_000);
  assert.ok(pieces <= 8, `${pieces} pieces`);
  spool.release();
});

test('where no file can be had what is written waits in memory, and goes to a file when there is one again', async () => {
  const missing = join(directory, 'later');
  const { spool, budget } = make({ directory: missing });
  let refusals = 0;
  spool.onRefused = (error) => {
    refusals += 1;
    assert.equal(error.code, 'spool-unwritable');
  };
  const bytes = numbered(256 * KiB);
  assert.equal(spool.write(Buffer.from(bytes.subarray(0, 192 * KiB))), false, 'back-pressure');
  await eventually(() => refusals === 1, 'the refusal');
  assert.deepEqual([spool.fileUsed, budget.used], [0, 0]);
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.equal(refusals, 1, 'it is not tried again before the reader has made room');
  fs.mkdirSync(missing);
  const first = await readAll(spool, 64 * KiB);
  spool.write(Buffer.from(bytes.subarray(192 * KiB)));
  await eventually(() => spool.fileUsed > 0, 'the file');
  spool.end();
  const rest = await readAll(spool);
  assert.ok(Buffer.concat([first, rest]).equals(bytes));
  assert.equal(budget.used, 0);
  spool.release();
  fs.rmdirSync(missing);
});
