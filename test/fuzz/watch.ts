// Runs the fuzzer for a target in a thread and watches it: an input that does not end within ten seconds, or takes more
// memory than a parser may, is a finding like any other.

import { Worker } from 'node:worker_threads';
import { type FuzzOrder, type FuzzReport, PRESENT_HEADER_BYTES } from './order.ts';

/** A step of the fuzzer takes a millisecond; on a machine that stands still for seconds this is still none. */
const HANGS_MS = 20_000;
const LOOK_MS = 200;
/** What one thread may hold: the corpus, and whatever an input makes the code keep. */
const HEAP_MIB = 512;
const INPUT_BYTES = 64 * 1024;

export type Outcome = Omit<FuzzReport, 'done'>;

export interface Bounds {
  readonly hangsMs?: number;
  readonly heapMib?: number;
}

/** Resolves with what was found, or with `finding: null` when the time or the executions are used up. */
export function watched(
  order: Omit<FuzzOrder, 'present'>,
  { hangsMs = HANGS_MS, heapMib = HEAP_MIB }: Bounds = {},
): Promise<Outcome> {
  const present = new SharedArrayBuffer(PRESENT_HEADER_BYTES + INPUT_BYTES);
  const thread = new Worker(new URL('./worker.js', import.meta.url), {
    workerData: { ...order, present } satisfies FuzzOrder,
    resourceLimits: { maxOldGenerationSizeMb: heapMib },
  });
  let last: FuzzReport = {
    executions: 0,
    kept: 0,
    coveredCharacters: 0,
    done: false,
    finding: null,
  };
  return new Promise((resolve) => {
    const stop = watchForHang(present, hangsMs, () => finish('it does not end'));
    const finish = (error: string): void => {
      stop();
      void thread.terminate();
      resolve({ ...last, finding: last.finding ?? { input: inputIn(present), error } });
    };
    thread.on('message', (report: FuzzReport) => {
      last = report;
      if (!report.done) return;
      stop();
      void thread.terminate().then(() => resolve(report));
    });
    thread.on('error', (error) => finish(error.stack ?? error.message));
  });
}

/** Calls `hangs` when the count of executions has stood still for too long. Gives back how to stop looking. */
function watchForHang(present: SharedArrayBuffer, hangsMs: number, hangs: () => void): () => void {
  const counters = new Int32Array(present, 0, 1);
  let before = -1;
  let movedMs = performance.now();
  const timer = setInterval(() => {
    const now = Atomics.load(counters, 0);
    if (now !== before) {
      before = now;
      movedMs = performance.now();
    } else if (now > 0 && performance.now() - movedMs > hangsMs) hangs();
  }, LOOK_MS);
  return () => clearInterval(timer);
}

function inputIn(present: SharedArrayBuffer): string {
  const length = Math.min(INPUT_BYTES, new Int32Array(present, 0, 2)[1] ?? 0);
  return Buffer.from(new Uint8Array(present, PRESENT_HEADER_BYTES, length)).toString('latin1');
}
