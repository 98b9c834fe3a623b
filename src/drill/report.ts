// What a drill prints: a few lines for each row, and at the end which rows held and which settings are too lax.

import type { Resolved } from '../settings/resolve.ts';
import { heldBy, type Lax } from './advice.ts';
import { tallyInWords } from './attack.ts';
import type { Measured } from './meter.ts';
import type { Pace, Played as PlayedRow, Row, Scene } from './rows/row.ts';

/** A row that was played, and how it came out. */
export interface Played {
  readonly row: Row;
  readonly played: PlayedRow;
  /** Normal clients were held up, and for how long was not waited for. */
  readonly undecided: boolean;
  /** Empty: held. */
  readonly faults: readonly string[];
}

/** A silence that a client would notice. */
const SILENCE_MS = 500;
/** Warm-up, before, during, after, and the moment between. */
const MEASUREMENTS = 3;
const BESIDE_SECONDS = 1.5;
const OVERLOAD_SECONDS = 6;

/** About how long a row takes. */
export function secondsOf(row: Row, scene: Scene, pace: Pace): number {
  const measuring = (MEASUREMENTS * pace.measureMs) / 1000 + BESIDE_SECONDS;
  const deadline = row.deadline(scene, pace);
  if (row.measured === 'away') return measuring + OVERLOAD_SECONDS;
  if (deadline * 1000 > pace.boundMs) return measuring;
  return measuring + deadline + (row.grace?.(scene) ?? 0);
}

export function minutesInWords(seconds: number): string {
  return seconds < 90
    ? `${Math.ceil(seconds / 5) * 5} seconds`
    : `${Math.ceil(seconds / 60)} minutes`;
}

export function rowLines(
  { row, played, undecided, faults }: Played,
  scene: Scene,
  pace: Pace,
  { settings, sources }: Resolved,
): string {
  const { before, during, after, attackers, notWaited } = played;
  const share = (during.perSecond / Math.max(before.perSecond, 1)).toFixed(2);
  const lines = [
    `  normal clients: ${rateOf(before)} before, ${rateOf(during)} during (${share}), ${rateOf(after)} after`,
    `  the others: ${tallyInWords(attackers)}`,
  ];
  const deadline = row.deadline(scene, pace);
  if (notWaited) {
    const how = Number.isFinite(deadline)
      ? `${Math.round(deadline)} s; --seconds ${Math.ceil(deadline)} would`
      : 'there is none';
    lines.push(`  the deadline was not waited for: ${how}`);
  }
  const setting = heldBy(row.number, settings, sources);
  if (undecided) lines.push(`  NOT DECIDED: ${setting}`);
  else if (faults.length > 0) lines.push(`  NOT HELD: ${faults.join('; ')}`, `  ${setting}`);
  else lines.push(`  held: ${setting}`);
  return `${lines.filter((line) => line.trim() !== '').join('\n')}\n`;
}

function rateOf({ perSecond, clients, clientsServed, silenceMs }: Measured): string {
  const unserved = clientsServed < clients ? ` to ${clientsServed} of ${clients}` : '';
  const silence = silenceMs < SILENCE_MS ? '' : `, none for ${(silenceMs / 1000).toFixed(1)} s,`;
  return `${Math.round(perSecond)}/s${unserved}${silence}`;
}

/** The last lines. `held`: every row was. */
export function closing(
  results: readonly Played[],
  lax: readonly Lax[],
): { text: string; held: boolean } {
  const notHeld = results.filter(({ faults }) => faults.length > 0).map(({ row }) => row.number);
  const open = results.filter(({ undecided }) => undecided).map(({ row }) => row.number);
  const good = results.length - notHeld.length - open.length;
  const lines = [`\n${good} of ${results.length} rows held.`];
  if (notHeld.length > 0) lines.push(`Not held: ${notHeld.join(', ')}.`);
  if (open.length > 0) lines.push(`Not decided, because a deadline is longer: ${open.join(', ')}.`);
  if (lax.length > 0) lines.push('\nToo lax:', ...lax.map(({ text }) => `- ${text}`));
  return { text: `${lines.join('\n')}\n`, held: good === results.length };
}
