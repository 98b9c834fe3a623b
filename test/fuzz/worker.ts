// The thread that fuzzes one target. Coverage must begin before the code under test is loaded, so the target is imported
// after that. Each input is put into shared memory before it is played: if it never ends, or takes all memory, the thread
// that watches still has it.

import { setImmediate } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { Coverage } from './coverage.ts';
import { type Finding, Fuzzer, shortened } from './fuzzer.ts';
import { type FuzzOrder, type FuzzReport, PRESENT_HEADER_BYTES } from './order.ts';
import type { Target } from './target.ts';

const REPORT_MS = 500;

const order = workerData as FuzzOrder;
const counters = new Int32Array(order.present, 0, 2);
const place = new Uint8Array(order.present, PRESENT_HEADER_BYTES);

await fuzz();

async function fuzz(): Promise<void> {
  const coverage = new Coverage(/\/dist\/src\/|\/planted/);
  const module = (await import(order.module)) as Readonly<Record<string, Target>>;
  const whole = module[order.target];
  if (whole === undefined) throw new Error(`${order.module} has no ${order.target}`);
  const every = order.seedsEvery ?? 1;
  const target = { ...whole, seeds: whole.seeds.filter((_, index) => index % every === 0) };
  const fuzzer = new Fuzzer(target, coverage, order.seed, (input) => {
    Atomics.add(counters, 0, 1);
    Atomics.store(counters, 1, input.length);
    place.set(input.subarray(0, place.length));
  });
  const endMs = order.seconds > 0 ? performance.now() + order.seconds * 1000 : Infinity;
  let reportedMs = 0;
  let finding = fuzzer.begin();
  while (finding === null && performance.now() < endMs) {
    if (order.executions > 0 && fuzzer.progress.executions >= order.executions) break;
    finding = fuzzer.batch();
    // What the code under test has left for later turns of the loop runs now, or it would fill the memory.
    await setImmediate();
    if (performance.now() - reportedMs < REPORT_MS) continue;
    reportedMs = performance.now();
    report(fuzzer, false, null);
  }
  report(fuzzer, true, finding === null ? null : shortened(target, finding));
}

function report({ progress }: Fuzzer, done: boolean, finding: Finding | null): void {
  const { executions, kept, coveredCharacters } = progress;
  const told: FuzzReport = {
    executions,
    kept,
    coveredCharacters,
    done,
    finding:
      finding === null
        ? null
        : {
            input: finding.input.toString('latin1'),
            error:
              finding.error instanceof Error
                ? (finding.error.stack ?? finding.error.message)
                : String(finding.error),
          },
  };
  parentPort?.postMessage(told);
}
