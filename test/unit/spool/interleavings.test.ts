// Whatever the order and the sizes of writes, reads and turns of the loop: what comes out of a spool is what went in,
// memory keeps its bound, the budget ends at 0 and no descriptor is left.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import { SpoolBudget } from '../../../src/spool/budget.ts';
import { Spool } from '../../../src/spool/spool.ts';

const KiB = 1024;

type Step =
  | { readonly kind: 'write'; readonly bytes: number }
  | { readonly kind: 'read'; readonly bytes: number }
  | { readonly kind: 'turn' };

const size = fc.oneof(
  fc.integer({ min: 1, max: 200 }),
  fc.integer({ min: 3 * KiB, max: 6 * KiB }),
  fc.integer({ min: 20 * KiB, max: 150 * KiB }),
);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('write' as const), bytes: size }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('read' as const), bytes: size }) },
  { weight: 2, arbitrary: fc.constant<Step>({ kind: 'turn' }) },
);
const bounds = fc.record({
  memoryBytes: fc.constantFrom(0, 1000, 64 * KiB, 300 * KiB),
  fileBytes: fc.constantFrom(0, 1, 100 * KiB),
  budgetBytes: fc.constantFrom(0, 50 * KiB, 10_000 * KiB),
});

const counting = Buffer.from(Array.from({ length: 200 * KiB }, (_, index) => index % 251));

/** Bytes `from` to `from + length` of an endless row in which each differs from its neighbours. */
function counted(from: number, length: number): Buffer {
  return counting.subarray(from % 251, (from % 251) + length);
}

/** Descriptors of deleted files: a spool's are, the test runner's are not. */
function spoolDescriptors(): number {
  return fs.readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return fs.readlinkSync(`/proc/self/fd/${fd}`).endsWith('(deleted)');
    } catch {
      return false;
    }
  }).length;
}

/** close(2) runs beside the loop: waits for it, but not for ever. */
async function noDescriptorLeft(): Promise<void> {
  for (let turns = 0; spoolDescriptors() > 0; turns += 1) {
    assert.ok(turns < 20_000, 'a descriptor of a temporary file stays open');
    await turn();
  }
}

/** Writes bytes that count on, reads and compares; keeps to the contract that a refused writer waits for onRoom. */
class Run {
  readonly spool: Spool;
  #mayWrite = true;
  #written = 0;
  #readBytes = 0;

  constructor(spool: Spool) {
    this.spool = spool;
    spool.onRoom = () => {
      this.#mayWrite = true;
    };
    spool.onFailed = (error) => assert.fail(error);
  }

  write(bytes: number): void {
    if (!this.#mayWrite) return;
    const piece = Buffer.from(counted(this.#written, bytes));
    this.#written += bytes;
    this.#mayWrite = this.spool.write(piece);
  }

  /** Answers whether anything was ready. */
  read(bytes: number): boolean {
    const piece = this.spool.read(bytes);
    if (piece === null) return false;
    assert.ok(piece.length > 0 && piece.length <= bytes);
    assert.ok(piece.equals(counted(this.#readBytes, piece.length)), `wrong at ${this.#readBytes}`);
    this.#readBytes += piece.length;
    return true;
  }

  check(memoryBytes: number, fileBytes: number, budget: SpoolBudget): void {
    const { spool } = this;
    assert.equal(spool.buffered, this.#written - this.#readBytes);
    const bound = Math.max(memoryBytes, 64 * KiB) + 150 * KiB + 64 * KiB;
    assert.ok(spool.memoryUsed <= bound, `${spool.memoryUsed} bytes in memory`);
    assert.equal(budget.used, spool.fileUsed);
    assert.ok(budget.used <= budget.limitBytes);
    if (fileBytes > 0) assert.ok(spool.fileUsed <= fileBytes);
  }

  /** Reads to the end; every byte must come without anything more being written. */
  async finish(): Promise<void> {
    this.spool.end();
    while (!this.spool.drained) if (!this.read(64 * KiB)) await turn();
    assert.equal(this.#readBytes, this.#written);
  }
}

test('any interleaving of writes, reads and turns keeps order, bounds and books', async () => {
  await fc.assert(
    fc.asyncProperty(
      bounds,
      fc.array(step, { maxLength: 60, size: 'max' }),
      async (bound, steps) => {
        const budget = new SpoolBudget(bound.budgetBytes);
        const run = new Run(new Spool({ ...bound, budget, directory: tmpdir() }));
        for (const { kind, ...rest } of steps) {
          if (kind === 'turn') await turn();
          else if ('bytes' in rest) run[kind](rest.bytes as number);
          run.check(bound.memoryBytes, bound.fileBytes, budget);
        }
        await run.finish();
        assert.equal(budget.used, 0);
        run.spool.release();
        await noDescriptorLeft();
      },
    ),
    { numRuns: 150 },
  );
});

test('a release at any moment leaves no descriptor and an empty budget', async () => {
  await fc.assert(
    fc.asyncProperty(
      bounds,
      fc.array(step, { maxLength: 20, size: 'max' }),
      async (bound, steps) => {
        const budget = new SpoolBudget(bound.budgetBytes);
        const run = new Run(new Spool({ ...bound, budget, directory: tmpdir() }));
        for (const { kind, ...rest } of steps) {
          if (kind === 'turn') await turn();
          else if ('bytes' in rest) run[kind](rest.bytes as number);
        }
        run.spool.release();
        assert.equal(budget.used, 0);
        await noDescriptorLeft();
      },
    ),
    { numRuns: 150 },
  );
});

test('a complete body equals what was written, wherever it ended up', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(size, { maxLength: 12 }), fc.boolean(), async (sizes, early) => {
      const budget = new SpoolBudget(10_000 * KiB);
      const options = { memoryBytes: 30 * KiB, fileBytes: 0, budget, directory: tmpdir() };
      const spool = new Spool({ ...options, whenFull: 'fail' });
      const all: Buffer[] = [];
      const body = new Promise<Buffer>((resolve, reject) => {
        spool.onFailed = reject;
        const ask = () =>
          spool.complete((answer) => {
            if (answer.kind === 'none') resolve(Buffer.alloc(0));
            else if (answer.kind === 'bytes') resolve(answer.bytes);
            else resolve(fs.readFileSync(answer.path));
          });
        if (early) ask();
        for (const [index, bytes] of sizes.entries()) {
          const piece = Buffer.alloc(bytes, index + 1);
          all.push(piece);
          spool.write(Buffer.from(piece));
        }
        spool.end();
        if (!early) ask();
      });
      assert.ok((await body).equals(Buffer.concat(all)));
      spool.release();
      assert.equal(budget.used, 0);
    }),
    { numRuns: 100 },
  );
});
