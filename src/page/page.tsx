// The whole page from what is known of the server and of the line to it. It is drawn anew with each message; Preact changes only what is
// different, so that what has the focus keeps it.

import type { JSX } from 'preact';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { Announcing } from './announcing.ts';
import { ChartPart } from './charts/chart.tsx';
import { LATENCY, QUEUE_WAIT, RATE } from './charts/series.ts';
import { monotonicMs } from './clock.ts';
import { Asking } from './feed/asking.ts';
import type { Feed, Line } from './feed/feed.ts';
import type { Seen } from './feed/seen.ts';
import { Banner, HeaderPart, TokenPrompt } from './header-part.tsx';
import { LanesPart } from './lanes/lanes-part.tsx';
import { rate, whole } from './numbers.ts';
import { Quantity } from './quantity.tsx';
import { ConnectionsDialog } from './tables/connections-dialog.tsx';
import { EventsPart, HARMS } from './tables/events-part.tsx';
import { ThreadsPart } from './tables/threads-part.tsx';
import { TotalsPart, WorkersPart } from './tables/workers-part.tsx';

interface Terms {
  readonly feed: Feed;
  /** Given beside the feed they are in: what changes is what draws. */
  readonly seen: Seen | null;
  readonly line: Line;
}

export function Page({ feed, seen, line }: Terms): JSX.Element {
  const asking = useMemo(() => new Asking(() => feed.token), [feed]);
  return (
    <>
      <a class="skip" href="#main">
        To the numbers
      </a>
      <HeaderPart server={seen?.server ?? null} line={line} />
      <Banner line={line} tryNow={() => feed.tryNow()} />
      <main id="main" class={line.state === 'live' ? '' : 'is-old'}>
        {seen === null ? (
          <p class="nothing alone">
            {line.state === 'locked' ? 'Locked.' : 'Waiting for the server …'}
          </p>
        ) : (
          <Parts seen={seen} asking={asking} />
        )}
      </main>
      {seen === null ? null : <Foot seen={seen} />}
      {line.state === 'locked' ? (
        <TokenPrompt wasRefused={line.wasRefused} unlock={(token) => feed.unlock(token)} />
      ) : null}
      <Announcer seen={seen} isAway={line.state === 'waiting'} />
    </>
  );
}

function Parts({ seen, asking }: { seen: Seen; asking: Asking }): JSX.Element {
  const { frame, points, events, server } = seen;
  const [state, setState] = useState<string | null>(null);
  return (
    <>
      <section class="traffic" aria-labelledby="traffic-title">
        <h2 id="traffic-title" class="unseen">
          Traffic of the last minutes
        </h2>
        <NowPart seen={seen} />
        <ChartPart kind={RATE} points={points} />
        <ChartPart kind={LATENCY} points={points} />
        <ChartPart kind={QUEUE_WAIT} points={points} />
      </section>
      <LanesPart frame={frame} ask={setState} />
      <div class="columns">
        <div>
          <ThreadsPart threads={frame?.threads ?? []} asking={asking} />
          <WorkersPart
            server={server}
            workers={frame?.workers ?? []}
            silent={frame?.silent ?? []}
          />
        </div>
        <div>
          <EventsPart events={events} />
          <TotalsPart totals={frame?.totals ?? null} />
        </div>
      </div>
      {state === null ? null : (
        <ConnectionsDialog state={state} asking={asking} close={() => setState(null)} />
      )}
    </>
  );
}

/** The present in five numbers. */
function NowPart({ seen: { points, frame } }: { seen: Seen }): JSX.Element {
  const { failedPerSecond = 0, limitedPerSecond = 0 } = points.at(-1) ?? {};
  const lanes = frame?.lanes ?? [];
  const threads = frame?.threads ?? [];
  const open = lanes.reduce((all, { count }) => all + count, 0);
  const queued = lanes.find(({ state }) => state === 'queued')?.count ?? 0;
  const busy = threads.filter(({ load }) => load > 0).length;
  const rows: readonly (readonly [string, string, boolean])[] = [
    ['connections', whole(open), false],
    ['queued', whole(queued), false],
    ['threads busy', `${whole(busy)}/${whole(threads.length)}`, false],
    ['failed', `${rate(failedPerSecond)}/s`, failedPerSecond > 0],
    ['limited', `${rate(limitedPerSecond)}/s`, false],
  ];
  return (
    <div class="now">
      <h3>Now</h3>
      <dl>
        {rows.map(([name, text, isHarm]) => (
          <div key={name} class={isHarm ? 'is-harm' : ''}>
            <dt>{name}</dt>
            <dd data-value={name}>
              <Quantity text={text} />
            </dd>
          </div>
        ))}
      </dl>
    </div>
  );
}

function Foot({ seen: { server } }: { seen: Seen }): JSX.Element {
  return (
    <footer>
      <p>
        Tunicorn {server.version}, arbiter {server.pid}. The same for programs:{' '}
        <a href="metrics">metrics</a>.
      </p>
      <p>Tab and arrow keys move, Enter opens, Esc closes.</p>
    </footer>
  );
}

interface AnnouncerTerms {
  readonly seen: Seen | null;
  readonly isAway: boolean;
}

/** For screen readers. */
function Announcer({ seen, isAway }: AnnouncerTerms): JSX.Element {
  const announcing = useMemo(() => new Announcing(HARMS), []);
  const said = useRef('');
  const [, setTurn] = useState(0);
  useEffect(() => {
    if (seen === null) return;
    const sentence = announcing.next(seen.events, isAway, monotonicMs());
    if (sentence === null) return;
    said.current = sentence;
    setTurn((turn) => turn + 1);
  }, [seen, isAway]);
  return (
    <div class="unseen" role="status" aria-live="polite">
      {said.current}
    </div>
  );
}
