// The field Server-Timing (W3C, Server Timing): where the time of a request went until its response begins, in milliseconds and by
// the names of the access log's phases. How long the response then takes to be written nobody knows yet.

import type { Instants } from '../states/moments.ts';

/** The line; empty when nothing is known. `nowMs`: the response begins. */
export function serverTiming(at: Instants, nowMs: number): string {
  const metrics = [
    metric('head', at.firstByte, at.head, nowMs),
    metric('body', at.head, at.body, nowMs),
    metric('queue', at.submitted, at.started, nowMs),
    metric('application', at.started, at.answered, nowMs),
  ].filter((text) => text !== '');
  return metrics.length === 0 ? '' : `Server-Timing: ${metrics.join(', ')}\r\n`;
}

/** One that is not over lasts until now. */
function metric(name: string, fromMs: number, toMs: number, nowMs: number): string {
  if (Number.isNaN(fromMs)) return '';
  const ms = (Number.isNaN(toMs) ? nowMs : toMs) - fromMs;
  return `${name};dur=${Math.round(ms * 1000) / 1000}`;
}
