// The way of a request on the page: a head for each lane, which is a button that shows who is in it, the canvas below, and the same as a
// table for whoever has no use for a picture. The canvas is told each message once.

import type { JSX } from 'preact';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { Frame } from '../../wire/live.ts';
import { several, whole } from '../numbers.ts';
import { Scroller } from '../scroller.tsx';
import { LaneCanvas } from './canvas.ts';
import { type Shown, shownLanes } from './lanes.ts';

const NARROW = matchMedia('(max-width: 760px)');

interface Terms {
  readonly frame: Frame | null;
  readonly ask: (state: string) => void;
}

export function LanesPart({ frame, ask }: Terms): JSX.Element {
  const lanes = useMemo(() => shownLanes(frame?.lanes ?? []), [frame]);
  const [perDot, setPerDot] = useState(1);
  const open = lanes.reduce((all, { count }) => all + count, 0);
  return (
    <section class="part lanes" aria-labelledby="lanes-title">
      <header>
        <h2 id="lanes-title">The way of a request</h2>
        <p class="aside">
          <b>{whole(open)}</b> open.{' '}
          {perDot === 1
            ? 'Each dot is a connection'
            : `Each dot is ${several(perDot, 'connection')}`}
          ; it moves on and <span class="reddens">reddens</span> as its deadline nears.
        </p>
      </header>
      <div class="way" style={{ '--lanes': lanes.length }} data-arrows>
        <ul class="heads">
          {lanes.map((lane) => (
            <LaneHead key={lane.state} lane={lane} ask={ask} />
          ))}
        </ul>
        <Picture lanes={lanes} frame={frame} scaled={setPerDot} />
      </div>
      <LaneTable lanes={lanes} />
    </section>
  );
}

function LaneHead({ lane, ask }: { lane: Shown; ask: (state: string) => void }): JSX.Element {
  const { state, count, late, waitsFor, isIdle } = lane;
  return (
    <li class={count === 0 ? 'is-empty' : ''}>
      <button type="button" onClick={() => ask(state)}>
        <span class="state">{state}</span>{' '}
        <span class="count">
          {whole(count)}
          <span class="unseen"> connections, </span>
        </span>{' '}
        <span class="waits">{late > 0 && !isIdle ? <em>{whole(late)} late</em> : waitsFor}</span>
      </button>
    </li>
  );
}

interface PictureTerms {
  readonly lanes: readonly Shown[];
  readonly frame: Frame | null;
  readonly scaled: (perDot: number) => void;
}

function Picture({ lanes, frame, scaled }: PictureTerms): JSX.Element {
  const place = useRef<HTMLCanvasElement>(null);
  const drawn = useRef<LaneCanvas | null>(null);
  const [isLying, setLying] = useState(NARROW.matches);
  useEffect(() => {
    const turn = (): void => setLying(NARROW.matches);
    NARROW.addEventListener('change', turn);
    return () => NARROW.removeEventListener('change', turn);
  }, []);
  useEffect(() => {
    if (place.current === null) return undefined;
    drawn.current = new LaneCanvas(place.current, isLying, scaled);
    return () => drawn.current?.end();
  }, []);
  useEffect(() => drawn.current?.show(lanes, frame, isLying), [lanes, frame, isLying]);
  // Says nothing to whoever does not see it: the heads and the table say the same.
  return (
    <div class="picture" aria-hidden="true">
      <canvas ref={place} />
    </div>
  );
}

function LaneTable({ lanes }: { lanes: readonly Shown[] }): JSX.Element {
  return (
    <details class="as-table">
      <summary>As a table</summary>
      <Scroller kind="wide" name="Lanes as a table">
        <table>
          <thead>
            <tr>
              <th scope="col">State</th>
              <th scope="col">Waits for</th>
              <th scope="col" class="number">
                Connections
              </th>
              <th scope="col" class="number">
                Most of their time over
              </th>
            </tr>
          </thead>
          <tbody>
            {lanes.map(({ state, waitsFor, count, late }) => (
              <tr key={state} data-state={state}>
                <th scope="row">{state}</th>
                <td>{waitsFor}</td>
                <td class="number">{whole(count)}</td>
                <td class="number">{whole(late)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Scroller>
    </details>
  );
}
