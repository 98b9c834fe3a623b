// How late the loop of this process was at most, as Node.js itself measures it: a timer that should turn every 20 ms.

import { monitorEventLoopDelay } from 'node:perf_hooks';

const RESOLUTION_MS = 20;
const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
delay.enable();

/** The longest since this was asked last, ms. */
export function takeLoopDelay(): number {
  // A turn that is not late is counted with the time between two.
  const lateMs = delay.max / 1e6 - RESOLUTION_MS;
  delay.reset();
  return Math.max(0, Math.round(lateMs * 10) / 10);
}
