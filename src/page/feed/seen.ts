// What the page knows of the server, and what each message of the feed makes of it: the seconds of the last ten minutes, the events, and
// the present as it came last. Pure; nothing here grows beyond what the feed remembers itself.

import {
  EVENTS_MAX,
  type Frame,
  HISTORY_POINTS,
  type History,
  type LiveEvent,
  type LiveServer,
  type Point,
} from '../../wire/live.ts';

export interface Seen {
  readonly server: LiveServer;
  /** Oldest first. */
  readonly points: readonly Point[];
  /** Newest first. */
  readonly events: readonly LiveEvent[];
  /** null: only the history has come. */
  readonly frame: Frame | null;
}

/** A history is the whole truth: the server may be another one than before. If it is not, its last frame still holds. */
export function begun(seen: Seen | null, { server, points, events }: History): Seen {
  const frame = seen?.server.pid === server.pid ? seen.frame : null;
  return { server, points, events: newestFirst(events, []), frame };
}

export function followed(seen: Seen, frame: Frame): Seen {
  const last = seen.points.at(-1)?.atMs ?? 0;
  const fresh = frame.points.filter(({ atMs }) => atMs > last);
  return {
    server: frame.server,
    points: fresh.length === 0 ? seen.points : [...seen.points, ...fresh].slice(-HISTORY_POINTS),
    events: newestFirst(frame.events, seen.events),
    frame,
  };
}

/** What is told twice, in the history and in a frame, is there once. */
function newestFirst(
  fresh: readonly LiveEvent[],
  known: readonly LiveEvent[],
): readonly LiveEvent[] {
  const latest = known[0]?.id ?? 0;
  const added = fresh.filter(({ id }) => id > latest).sort((one, other) => other.id - one.id);
  return added.length === 0 ? known : [...added, ...known].slice(0, EVENTS_MAX);
}
