// Threads and what each has at present. A row is a button: it opens, and shows all requests of its thread and where that is right now, as
// the server answers when it is asked.

import type { JSX } from 'preact';
import { useEffect, useMemo, useState } from 'preact/hooks';
import { brief, duration } from '../../durations.ts';
import type { LiveRequest, LiveThread } from '../../wire/live.ts';
import type { Asked, Asking } from '../feed/asking.ts';
import { several, whole } from '../numbers.ts';
import { Scroller } from '../scroller.tsx';
import { type ThreadRow, threadRows } from './thread-rows.ts';

/** More rows than anybody reads; those that are held come first. */
const ROWS = 24;

interface Terms {
  readonly threads: readonly LiveThread[];
  readonly asking: Asking;
}

export function ThreadsPart({ threads, asking }: Terms): JSX.Element {
  const rows = useMemo(() => threadRows(threads), [threads]);
  const [isWhole, setWhole] = useState(false);
  const [open, setOpen] = useState<string | null>(null);
  const busy = threads.filter(({ load }) => load > 0).length;
  const late = rows.filter(({ isLate }) => isLate).length;
  const shown = isWhole ? rows : rows.slice(0, ROWS);
  return (
    <section class="part threads" aria-labelledby="threads-title">
      <header>
        <h2 id="threads-title">Threads</h2>
        <p class="aside">
          <b>{whole(busy)}</b> of {whole(threads.length)} busy
          {late > 0 ? <em>, {whole(late)} late</em> : null}
        </p>
      </header>
      {threads.length === 0 ? <p class="nothing">No thread is there yet.</p> : null}
      <ul class="rows" data-arrows>
        {shown.map((row) => (
          <Row
            key={row.key}
            row={row}
            isOpen={open === row.key}
            toggle={() => setOpen(open === row.key ? null : row.key)}
            asking={asking}
          />
        ))}
      </ul>
      {rows.length > ROWS ? (
        <button type="button" class="more" onClick={() => setWhole(!isWhole)}>
          {isWhole ? 'Show fewer' : `Show ${whole(rows.length - ROWS)} more`}
        </button>
      ) : null}
    </section>
  );
}

interface RowTerms {
  readonly row: ThreadRow;
  readonly isOpen: boolean;
  readonly toggle: () => void;
  readonly asking: Asking;
}

function Row({ row, isOpen, toggle, asking }: RowTerms): JSX.Element {
  const { thread, request, others, isLate, key } = row;
  const kind = isLate ? 'is-late' : request === null ? 'is-idle' : 'is-busy';
  return (
    <li class={kind} data-thread={key}>
      <button type="button" class="row" aria-expanded={isOpen} onClick={toggle}>
        <span class="who">
          <i class="lamp" aria-hidden="true" />
          {thread.name} <small>{thread.worker}</small>
        </span>
        {request === null ? (
          <span class="what nothing">{thread.state === 'ready' ? 'idle' : thread.state}</span>
        ) : (
          <RequestLine request={request} others={others} isLate={isLate} />
        )}
      </button>
      {isOpen ? <Opened thread={thread} asking={asking} /> : null}
    </li>
  );
}

interface LineTerms {
  readonly request: LiveRequest;
  readonly others: number;
  readonly isLate: boolean;
}

function RequestLine({ request, others, isLate }: LineTerms): JSX.Element {
  const { method, path, client, ageMs, deadline } = request;
  return (
    <>
      <span class="what">
        <code>
          {method} {path}
        </code>
        {others > 0 ? <small> +{whole(others)}</small> : null}
      </span>
      <span class="client">{client}</span>
      <span class="age">{brief(ageMs)}</span>
      <span class="left">
        {deadline === null ? null : (
          <>
            <Meter used={deadline.used} />
            <small>
              {isLate ? <em class="unseen">late: </em> : null}
              {brief(Math.max(0, deadline.inMs))} left
            </small>
          </>
        )}
      </span>
    </>
  );
}

/** How much of a time is over. */
export function Meter({ used }: { used: number }): JSX.Element {
  const part = Math.round(Math.min(Math.max(used, 0), 1) * 100);
  return (
    <span class="meter" aria-hidden="true">
      <span style={{ width: `${part}%`, '--used': `${part}%` }} />
    </span>
  );
}

function Opened({ thread, asking }: { thread: LiveThread; asking: Asking }): JSX.Element {
  const [asked, setAsked] = useState<Asked<string | null> | null>(null);
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    let isWanted = true;
    setAsked(null);
    void asking.stack(thread.worker, thread.name).then((answer) => {
      if (isWanted) setAsked(answer);
    });
    return () => {
      isWanted = false;
    };
  }, [thread.worker, thread.name, turn]);
  return (
    <div class="opened">
      <p>
        Worker {thread.worker}, {thread.name}, {thread.state}: {several(thread.load, 'request')} of
        at most {whole(thread.places)}.
      </p>
      <ul>
        {thread.requests.map((request, at) => (
          <li key={`${at} ${request.path}`}>
            <code>
              {request.method} {request.path}
            </code>{' '}
            of {request.client}, {inWords(request)}
          </li>
        ))}
      </ul>
      <div class="stack" aria-live="polite">
        {stackOf(asked)}
      </div>
      <button type="button" class="more" onClick={() => setTurn(turn + 1)}>
        Look again
      </button>
    </div>
  );
}

function inWords({ ageMs, ranMs, deadline }: LiveRequest): string {
  const ran = ranMs === null ? 'which it has not begun' : `which has run for ${duration(ranMs)}`;
  const came = `came ${duration(ageMs)} ago, ${ran}`;
  if (deadline === null) return `${came}; it was given its own time`;
  return `${came}; ${deadline.setting} ends it in ${duration(Math.max(0, deadline.inMs))}`;
}

function stackOf(asked: Asked<string | null> | null): JSX.Element {
  if (asked === null) return <p class="nothing">Asking where it is …</p>;
  if ('why' in asked) return <p class="nothing">{asked.why}</p>;
  if (asked.answer === null) {
    return <p class="nothing">It does not say where it is: it is idle, or in native code.</p>;
  }
  return (
    <Scroller kind="code" name="Where it is">
      <pre>{asked.answer}</pre>
    </Scroller>
  );
}
