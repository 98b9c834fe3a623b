// Takes the descriptors of a process that runs, with prlimit(1).

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** It keeps what it has and gets no more. Gives them back with the answer. */
export function takeDescriptors(pid: number): () => void {
  const [, before = ''] =
    /^Max open files +(\d+)/m.exec(readFileSync(`/proc/${pid}/limits`, 'latin1')) ?? [];
  const limit = (soft: string): void => {
    execFileSync('prlimit', ['--pid', `${pid}`, `--nofile=${soft}:`]);
  };
  limit('10');
  return () => limit(before);
}
