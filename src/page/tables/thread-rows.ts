// Threads in the order in which they are shown: those whose request is held for a while come first, the oldest on top; the others keep
// their places, so that nothing jumps about below a finger. Pure.

import type { LiveRequest, LiveThread } from '../../wire/live.ts';

export interface ThreadRow {
  /** The same thread in each message. */
  readonly key: string;
  readonly thread: LiveThread;
  /** The one of its requests that is nearest to its deadline; null: it has none. */
  readonly request: LiveRequest | null;
  /** Requests beside that one. */
  readonly others: number;
  /** Most of the time of its request is over, or nobody knows where it hangs. */
  readonly isLate: boolean;
}

/** A request that runs for so long is worth a look. */
const HELD_MS = 1000;
/** "Most of its time is over". */
const LATE = 0.6;
/** States of a thread that does not come back by itself. */
const LOST: ReadonlySet<string> = new Set(['stuck']);

export function threadRows(threads: readonly LiveThread[]): ThreadRow[] {
  return threads
    .map(rowOf)
    .sort((one, other) => heldMs(other) - heldMs(one) || inPlace(one, other));
}

function rowOf(thread: LiveThread): ThreadRow {
  const [request = null] = thread.requests.toSorted((one, other) => over(other) - over(one));
  const isLate = LOST.has(thread.state) || (request !== null && over(request) >= LATE);
  const key = `${thread.worker} ${thread.name}`;
  return { key, thread, request, others: Math.max(0, thread.load - 1), isLate };
}

function over(request: LiveRequest): number {
  return request.deadline?.used ?? 0;
}

function heldMs({ request }: ThreadRow): number {
  const ageMs = request?.ageMs ?? 0;
  return ageMs >= HELD_MS ? ageMs : 0;
}

function inPlace(one: ThreadRow, other: ThreadRow): number {
  return (
    one.thread.worker - other.thread.worker ||
    one.thread.name.localeCompare(other.thread.name, 'en', { numeric: true })
  );
}
