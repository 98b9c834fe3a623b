// A process that spools, for the tests that kill it, starve it or measure it: first argument what to do, second where.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import { SpoolBudget } from '../../../src/spool/budget.ts';
import type { SpoolError } from '../../../src/spool/errors.ts';
import { recycleReadBuffer } from '../../../src/spool/read-buffers.ts';
import { Spool } from '../../../src/spool/spool.ts';

const MiB = 1024 * 1024;
const [, , deed = '', directory = '', amount = '0'] = process.argv;
const budget = new SpoolBudget(4096 * MiB);
// As request bodies are gathered, where the failure is what is looked at.
const whenFull = deed === 'fill' || deed === 'no-descriptors' ? 'fail' : 'wait';
const spool = new Spool({ memoryBytes: MiB, fileBytes: 0, budget, directory, whenFull });
const piece = Buffer.alloc(64 * 1024, 'x');

// The kernel sends it beside EFBIG, and its default ends the process.
process.on('SIGXFSZ', () => {});

/** Writes until `enough`, as fast as the spool takes. */
function write(enough: () => boolean, then: () => void): void {
  while (!enough()) {
    if (spool.write(piece)) continue;
    spool.onRoom = () => write(enough, then);
    return;
  }
  then();
}

function deletedDescriptors(): number {
  const targets = fs.readdirSync('/proc/self/fd').map((fd) => {
    try {
      return fs.readlinkSync(`/proc/self/fd/${fd}`);
    } catch {
      return '';
    }
  });
  return targets.filter((target) => target.endsWith('(deleted)')).length;
}

function tellFailure(error: SpoolError): void {
  // close(2) runs beside the loop: two turns of its pool later it has happened.
  const again = () => {
    if (deletedDescriptors() > 0) setImmediate(again);
    else {
      const told = { code: error.code, budget: budget.used, descriptors: deletedDescriptors() };
      console.log(JSON.stringify(told));
    }
  };
  assert.ok(error.message.includes(directory), error.message);
  again();
}

function pass(total: number): void {
  let written = 0;
  let read = 0;
  let fileMost = 0;
  let residentMost = 0;
  const before = process.memoryUsage.rss();
  const take = () => {
    // The reader begins late, so that much is on disk.
    if (spool.fileUsed < 64 * MiB && !spool.ended) return;
    for (let bytes = spool.read(MiB); bytes !== null; bytes = spool.read(MiB)) {
      read += bytes.length;
      recycleReadBuffer(bytes);
    }
    residentMost = Math.max(residentMost, process.memoryUsage.rss());
    if (!spool.drained) return;
    assert.equal(read, total);
    const grownMiB = Math.round((residentMost - before) / MiB);
    console.log(JSON.stringify({ grownMiB, fileMiB: Math.round(fileMost / MiB) }));
  };
  spool.onReadable = take;
  const enough = () => {
    fileMost = Math.max(fileMost, spool.fileUsed);
    written += piece.length;
    if (spool.fileUsed >= 64 * MiB) take();
    return written > total;
  };
  write(enough, () => {
    spool.end();
    take();
  });
}

function useAllDescriptors(): void {
  const fds: number[] = [];
  try {
    for (;;) fds.push(fs.openSync('/dev/null', 'r'));
  } catch {
    spool.onFailed = (error) => {
      for (const fd of fds) fs.closeSync(fd);
      tellFailure(error);
    };
    for (let count = 0; count < 17; count += 1) spool.write(piece);
  }
}

/** Writes what is numbered until the disk refuses it, and as much more as memory takes; then reads all of it back. */
function beRefused(): void {
  let written = 0;
  let refusals = 0;
  spool.onRefused = (error) => {
    refusals += 1;
    if (refusals === 1) setTimeout(readBack, 50, error);
  };
  const readBack = (error: SpoolError): void => {
    let read = 0;
    let sound = true;
    spool.onReadable = () => {
      for (let bytes = spool.read(MiB); bytes !== null; bytes = spool.read(MiB)) {
        for (let at = 0; at < bytes.length; at += 1024)
          sound &&= bytes[at] === placeByte(read + at);
        read += bytes.length;
      }
      if (read < written) return;
      sound &&= read === written;
      spool.release();
      console.log(JSON.stringify({ code: error.code, sound, refusals, budget: budget.used }));
      process.exit();
    };
    spool.onReadable();
  };
  const more = (): void => {
    while (refusals === 0) {
      const numbered = Buffer.alloc(64 * 1024);
      for (let at = 0; at < numbered.length; at += 1024) numbered[at] = placeByte(written + at);
      written += numbered.length;
      if (!spool.write(numbered)) return;
    }
  };
  spool.onRoom = more;
  more();
}

/** Tells a place among its neighbours a kilobyte apart. */
function placeByte(at: number): number {
  return (at / 1024) % 251;
}

spool.onFailed = tellFailure;
if (deed === 'spool') {
  let told = false;
  const report = () => {
    if (!told && spool.fileUsed >= 4 * MiB) {
      told = true;
      fs.writeSync(1, 'in the file\n');
    }
    return false;
  };
  write(report, () => {});
} else if (deed === 'fill')
  write(
    () => false,
    () => {},
  );
else if (deed === 'pass') pass(Number(amount) * MiB);
else if (deed === 'no-descriptors') useAllDescriptors();
else if (deed === 'be-refused') beRefused();
