// What a spool costs: a response that stays in memory, and gigabytes through a file, with the growth of the process.
// Prints; asserts nothing. `--mib 2048 --responses 20000`; the argument is the folder for files, without it the
// system's one for temporary files.

import { tmpdir } from 'node:os';
import { parseArgs } from 'node:util';
import { SpoolBudget } from '../src/spool/budget.ts';
import { recycleReadBuffer } from '../src/spool/read-buffers.ts';
import { Spool } from '../src/spool/spool.ts';

const KiB = 1024;
const MiB = 1024 * KiB;
const budget = new SpoolBudget(4096 * MiB);
const { values: given, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    mib: { type: 'string', default: '2048' },
    responses: { type: 'string', default: '20000' },
  },
});
const options = {
  memoryBytes: MiB,
  fileBytes: 0,
  budget,
  directory: positionals[0] ?? tmpdir(),
};
const total = Number(given.mib) * MiB;

/** A response of eight pieces that the client reads a moment later: open, write, end, read, release. */
function reportMemory(): void {
  const piece = Buffer.alloc(8 * KiB, 'x');
  const count = Number(given.responses);
  const costs: number[] = [];
  for (let round = 0; round < 7; round += 1) {
    const began = performance.now();
    for (let response = 0; response < count; response += 1) {
      const spool = new Spool(options);
      for (let pieces = 0; pieces < 8; pieces += 1) spool.write(piece);
      spool.end();
      while (!spool.drained) spool.read(64 * KiB);
      spool.release();
    }
    costs.push(((performance.now() - began) * 1000) / count);
  }
  const median = costs.sort((a, b) => a - b)[3] ?? 0;
  console.log(`64 KiB in 8 pieces through memory: ${median.toFixed(2)} us a response`);
}

/** `total` bytes; the reader begins when `lagBytes` are on disk, then both run as fast as they can. */
function passThrough(total: number, lagBytes: number, recycle: boolean): Promise<void> {
  const spool = new Spool(options);
  const piece = Buffer.alloc(64 * KiB, 'x');
  const began = performance.now();
  const residentBefore = process.memoryUsage.rss();
  let resident = 0;
  let written = 0;
  let fileMost = 0;
  return new Promise((resolve, reject) => {
    spool.onFailed = reject;
    const take = () => {
      fileMost = Math.max(fileMost, spool.fileUsed);
      if (spool.fileUsed < lagBytes && !spool.ended) return;
      for (let bytes = spool.read(MiB); bytes !== null; bytes = spool.read(MiB)) {
        if (recycle) recycleReadBuffer(bytes);
      }
      resident = Math.max(resident, process.memoryUsage.rss());
      if (!spool.drained) return;
      spool.release();
      const rate = total / MiB / ((performance.now() - began) / 1000);
      const grown = (resident - residentBefore) / MiB;
      const how = recycle ? 'read buffers brought back' : 'read buffers left to the collector';
      console.log(
        `${total / MiB} MiB, ${how}: ${rate.toFixed(0)} MiB/s, file at most ` +
          `${(fileMost / MiB).toFixed(0)} MiB, process grown by ${grown.toFixed(0)} MiB`,
      );
      resolve();
    };
    const give = () => {
      while (written < total) {
        written += piece.length;
        const room = spool.write(piece);
        if (!spool.ended) take();
        if (!room) return;
      }
      spool.end();
      take();
    };
    spool.onReadable = take;
    spool.onRoom = give;
    give();
  });
}

reportMemory();
await passThrough(total, total / 32, true);
await passThrough(total / 2, total / 32, false);
