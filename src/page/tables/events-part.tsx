// What happened and why, newest first. The list can be held while somebody reads; what comes meanwhile is counted.

import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { EventKind, LiveEvent } from '../../wire/live.ts';
import { clockTime, several, whole } from '../numbers.ts';
import { Scroller } from '../scroller.tsx';

/** What somebody lost by: an answer, or a place to run. The rest is the server doing as it was told. */
export const HARMS: ReadonlySet<EventKind> = new Set(['timed out', 'thread died', 'worker ended']);

export function EventsPart({ events }: { events: readonly LiveEvent[] }): JSX.Element {
  const [held, setHeld] = useState<readonly LiveEvent[] | null>(null);
  const shown = held ?? events;
  // A server that was started anew counts from 1.
  const fresh = Math.max(0, (events[0]?.id ?? 0) - (shown[0]?.id ?? 0));
  return (
    <section class="part events" aria-labelledby="events-title">
      <header>
        <h2 id="events-title">Events</h2>
        <p class="aside">{held === null ? 'newest first' : `held; ${several(fresh, 'new one')}`}</p>
        <button
          type="button"
          class="more"
          aria-pressed={held !== null}
          onClick={() => setHeld(held === null ? events : null)}
        >
          {held === null ? 'Pause' : 'Go on'}
        </button>
      </header>
      {shown.length === 0 ? (
        <p class="nothing">Nothing was shed, limited, timed out or replaced.</p>
      ) : (
        <Scroller kind="list" name="Events, newest first">
          <ol>
            {shown.map((event) => (
              <Row key={event.id} event={event} />
            ))}
          </ol>
        </Scroller>
      )}
    </section>
  );
}

function Row({ event }: { event: LiveEvent }): JSX.Element {
  const { atMs, kind, count, worker, why } = event;
  return (
    <li class={HARMS.has(kind) ? 'is-harm' : ''} data-kind={kind}>
      <time dateTime={new Date(atMs).toISOString()}>{clockTime(atMs)}</time>
      <p>
        <b>{kind}</b>
        {count > 1 ? <span class="times"> ×{whole(count)}</span> : null}
        {worker === null ? null : <small> worker {worker}</small>}
        <span class="why">{why}</span>
      </p>
    </li>
  );
}
