// The sentences of the log about workers that live, end or are to be replaced. What they tell of was decided elsewhere.

import type { Log } from '../../observe/log.ts';
import { serverCode } from '../../observe/server-codes.ts';
import type { WorkerCounts } from '../../wire/arbiter-worker.ts';
import { countOf } from '../telemetry/tally-sums.ts';
import type { Pause } from './backoff.ts';
import type { Death, Replacement, WorkerHandle } from './worker-handle.ts';

export function tellDeath(log: Log, { pid }: WorkerHandle, { code, signal, byUs }: Death): void {
  if (pid === 0) return;
  const killed = serverCode('worker-killed');
  if (byUs || code === 0) log.info(`Worker exiting (pid: ${pid})`);
  else if (code !== null)
    log.error(`Worker (pid:${pid}) exited with code ${code}.`, serverCode('worker-exited'));
  else if (signal === 'SIGKILL') {
    log.error(`Worker (pid:${pid}) was sent SIGKILL! Perhaps out of memory?`, killed);
  } else log.warning(`Worker (pid:${pid}) was sent ${signal ?? 'an unknown signal'}!`, killed);
}

/** `leaves`: at once, because others serve. */
export function tellReplacement(
  log: Log,
  { pid }: WorkerHandle,
  { reason, routine, serves }: Replacement,
  { shortLives, delayMs }: Pause,
  leaves: boolean,
): void {
  let until = 'It serves until the next one is ready.';
  if (!serves)
    until = 'No thread of it runs the application: it stays because no other worker serves.';
  if (leaves) until = 'No thread of it runs the application: it leaves now, others serve.';
  const when =
    delayMs === 0 ? '' : ` Short life number ${shortLives}: that starts in ${delayMs} ms.`;
  log[routine ? 'info' : 'warning'](
    `Worker (pid: ${pid}) is to be replaced: ${reason}. ${until}${when}`,
  );
}

export function lifeInWords({ servedMs }: Death): string {
  return servedMs === null
    ? 'before it was ready'
    : `${(servedMs / 1000).toFixed(1)} s after it was ready`;
}

export function countsInWords(counts: WorkerCounts): string {
  const unserved = countOf(counts.unserved);
  return [
    `${counts.connections} connections open`,
    `at most ${counts.mostConnections} since the last one`,
    `${counts.queued} requests queued`,
    `${counts.requests} with ${counts.busyThreads} of ${counts.threads} threads`,
    `${counts.timers} deadlines`,
    `${counts.spooledBytes} bytes spooled`,
    `${counts.openFiles} files open`,
    `${mebibytes(counts.memoryBytes)} of memory`,
    `${countOf(counts.refused)} refused by limits of clients since its start`,
    `${unserved} requests that found no thread in time since its start`,
  ].join(', ');
}

export function mebibytes(bytes: number): string {
  return `${Math.round(bytes / (1024 * 1024))} MiB`;
}
