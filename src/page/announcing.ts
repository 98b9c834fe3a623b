// What is said aloud to whoever does not see the page: only what harms somebody, and the line to the server; politely, and not more than
// one sentence in ten seconds, with all that came meanwhile. Pure: it is told what time it is.

import type { EventKind, LiveEvent } from '../wire/live.ts';
import { several, whole } from './numbers.ts';

export const QUIET_MS = 10_000;

export class Announcing {
  readonly #harms: ReadonlySet<EventKind>;
  /** Events up to here were told, or were there before anybody listened. */
  #toldId: number | null = null;
  #toldAtMs = Number.NEGATIVE_INFINITY;
  #isAway = false;

  constructor(harms: ReadonlySet<EventKind>) {
    this.#harms = harms;
  }

  /** A sentence; null: nothing new, or it is too early. */
  next(events: readonly LiveEvent[], isAway: boolean, nowMs: number): string | null {
    this.#toldId ??= events[0]?.id ?? 0;
    // Another server counts anew.
    if ((events[0]?.id ?? 0) < this.#toldId) this.#toldId = 0;
    if (nowMs - this.#toldAtMs < QUIET_MS) return null;
    const told = this.#toldId;
    const fresh = events.filter(({ id, kind }) => id > told && this.#harms.has(kind));
    const words: string[] = [];
    if (isAway !== this.#isAway) words.push(isAway ? 'The server is away.' : 'Connected again.');
    if (fresh.length > 0) words.push(inWords(fresh));
    if (words.length === 0) return null;
    this.#isAway = isAway;
    this.#toldId = events[0]?.id ?? told;
    this.#toldAtMs = nowMs;
    return words.join(' ');
  }
}

function inWords(events: readonly LiveEvent[]): string {
  const counts = new Map<EventKind, number>();
  for (const { kind, count } of events) counts.set(kind, (counts.get(kind) ?? 0) + count);
  if (events.length === 1 && events[0]) return `${events[0].kind}: ${events[0].why}`;
  const parts = [...counts].map(
    ([kind, count]) => `${kind} ${count === 1 ? 'once' : `${whole(count)} times`}`,
  );
  return `${several(events.length, 'new event')}: ${parts.join(', ')}.`;
}
