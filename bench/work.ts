// Work of a known length for the programs of the benches: rounds of PBKDF2.

import { pbkdf2Sync } from 'node:crypto';
import { median } from './load.ts';

const SAMPLE = 50_000;

/** Rounds that take `ms` of a core, by processor time: others on the machine do not change it. */
export function roundsOfWork(ms: number): number {
  const times = Array.from({ length: 9 }, () => {
    const before = process.cpuUsage();
    pbkdf2Sync('password', 'salt', SAMPLE, 32, 'sha256');
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1000;
  });
  return Math.round((SAMPLE * ms) / median(times));
}
