// What a bench has begun ends with it, also at Ctrl-C or when it fails: its servers with all that is below them, and its folders.

import { mkdtempSync, rmSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { descendantsOf } from '../test/support/processes.ts';

const servers = new Set<number>();
const folders: string[] = [];

/** Its path; it is removed when the bench ends. */
export function temporaryFolder(name: string): string {
  const folder = mkdtempSync(join(tmpdir(), `tunicorn-${name}-`));
  folders.push(folder);
  return folder;
}

/** The process is ended with the bench, and all below it. Call what is given once it has ended. */
export function endsWithBench(pid: number): () => void {
  servers.add(pid);
  return () => servers.delete(pid);
}

/** SIGKILL. */
export function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}

process.once('exit', () => {
  for (const server of servers) {
    for (const pid of [server, ...descendantsOf(server)]) killIfThere(pid);
  }
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

for (const signal of ['SIGHUP', 'SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    // Whoever listens as well ends the bench in a way of its own.
    if (process.listenerCount(signal) === 0) process.exit(128 + constants.signals[signal]);
  });
}
