// The arithmetic of a rate (GCRA, the leaky bucket as a meter): all that a key has used is one number, the time at which it is
// forgiven. Exact at any moment, no window whose edge lets twice as much through. Pure; the time is an argument.

import type { LimitRate } from '../settings/limit-rate.ts';

/** What is left of rounding: times are sums of intervals that have no end in binary. */
const ROUNDING = 1e-6;

/** What somebody who asked for tokens gets. */
export interface Grant {
  /** How many, 0 to as many as were asked for. */
  readonly granted: number;
  /** Whole ones left now. */
  readonly remaining: number;
  /** Until the burst is whole again. */
  readonly resetMs: number;
  /** Until there is another one, where fewer were granted than asked for; else 0. */
  readonly retryMs: number;
}

export interface Taken extends Grant {
  /** When all that the key has used is forgiven. */
  readonly untilMs: number;
}

/** Takes up to `count` tokens of a key that is forgiven at `untilMs`. */
export function takeTokens(rate: LimitRate, untilMs: number, count: number, nowMs: number): Taken {
  const intervalMs = rate.perMs / rate.requests;
  const beganMs = Math.max(untilMs, nowMs);
  // Negative where tokens were charged that nobody had granted.
  const free = Math.floor(rate.burst - (beganMs - nowMs) / intervalMs + ROUNDING);
  const granted = Math.max(0, Math.min(count, free));
  const nextMs = beganMs + granted * intervalMs;
  const left = rate.burst - (nextMs - nowMs) / intervalMs;
  const remaining = Math.max(0, Math.floor(left + ROUNDING));
  return {
    granted,
    remaining,
    resetMs: nextMs - nowMs,
    retryMs: granted === count ? 0 : Math.max(0, (1 - left) * intervalMs),
    untilMs: nextMs,
  };
}

/** Gives back `count` tokens that were taken and not used. */
export function giveBackTokens(rate: LimitRate, untilMs: number, count: number): number {
  return untilMs - (count * rate.perMs) / rate.requests;
}

/** A key owes at most so many bursts, besides the one that it may have: what was granted, and what went on alone. */
const BURSTS_OWED = 2;
/** And so many: each that counts alone lets one through, be the burst smaller than there are of them. */
const TOKENS_OWED = 64;
/** And what the rate gives in this time, in which some went on alone and others were granted everything. */
const LATE_MS = 1000;

/**
 * Counts `count` requests that went on without being granted here, all of them: what is not counted is let through twice. The bound is
 * beyond what can have gone on, for who is told nonsense: a key is to be held up, and not for ever.
 */
export function chargeTokens(
  rate: LimitRate,
  untilMs: number,
  count: number,
  nowMs: number,
): number {
  const charged = Math.max(untilMs, nowMs) + (count * rate.perMs) / rate.requests;
  return raiseTokens(rate, untilMs, charged, nowMs);
}

/** Somebody else who counts has it forgiven at `saidMs`; within the same bound. */
export function raiseTokens(
  rate: LimitRate,
  untilMs: number,
  saidMs: number,
  nowMs: number,
): number {
  const most = (1 + BURSTS_OWED) * rate.burst + TOKENS_OWED;
  const mostMs = (most * rate.perMs) / rate.requests + LATE_MS;
  return Math.max(untilMs, Math.min(saidMs, nowMs + mostMs));
}
