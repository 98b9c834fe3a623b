// One chart of the last minutes with its present value above it: uPlot draws, the words below say the same. Its moment is chosen with
// the pointer or, as a slider, with the arrow keys, and told in words.

import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import uPlot from 'uplot';
import { HISTORY_POINTS, type Point } from '../../wire/live.ts';
import { inks, onInks } from '../inks.ts';
import { clockTime } from '../numbers.ts';
import { Quantity } from '../quantity.tsx';
import { axisEnd, type ChartKind, columns, type Line, times } from './series.ts';

interface Terms {
  readonly kind: ChartKind;
  readonly points: readonly Point[];
}

export function ChartPart({ kind, points }: Terms): JSX.Element {
  const [chosen, setChosen] = useState<number | null>(null);
  const place = useRef<HTMLDivElement>(null);
  const drawn = useRef<Drawing | null>(null);
  useEffect(() => {
    if (place.current === null) return undefined;
    drawn.current = new Drawing(place.current, kind, setChosen);
    return () => drawn.current?.end();
  }, [kind]);
  useEffect(() => drawn.current?.show(points), [points]);
  const at = (chosen === null ? undefined : points[chosen]) ?? points.at(-1);
  return (
    <figure class="chart" aria-label={kind.title} data-at={at?.atMs}>
      <figcaption>
        <h3>{kind.title}</h3>
        <p class="aside">{chosen === null ? 'now' : clockTime(at?.atMs ?? 0)}</p>
        <dl>
          {kind.lines.map((line) => (
            <div key={line.name} class={`line-${line.ink}`}>
              <dt>{line.name}</dt>
              <dd data-value={`${kind.title} ${line.name}`}>
                <Quantity text={at === undefined ? '–' : kind.text(line.of(at))} />
              </dd>
            </div>
          ))}
        </dl>
      </figcaption>
      <div
        ref={place}
        class="plot"
        role="slider"
        tabIndex={0}
        aria-label={`${kind.title}, the moment of the last minutes`}
        aria-valuemin={0}
        aria-valuemax={Math.max(0, points.length - 1)}
        aria-valuenow={chosen ?? Math.max(0, points.length - 1)}
        aria-valuetext={readout(kind, chosen === null ? undefined : at)}
        onKeyDown={(event) => drawn.current?.press(event)}
        onBlur={() => drawn.current?.choose(null)}
      />
      <p class="words">{kind.words(points)}</p>
    </figure>
  );
}

/** The present is not read out: it would be again each second. */
function readout(kind: ChartKind, point: Point | undefined): string {
  if (point === undefined) return 'now';
  const values = kind.lines.map((line) => `${line.name} ${kind.text(line.of(point))}`);
  return `${clockTime(point.atMs)}: ${values.join(', ')}`;
}

/** Seconds that a key goes on. */
const STEPS: Readonly<Record<string, number>> = {
  ArrowLeft: -1,
  ArrowDown: -1,
  ArrowRight: 1,
  ArrowUp: 1,
  PageDown: -60,
  PageUp: 60,
  Home: -HISTORY_POINTS,
  End: HISTORY_POINTS,
};

class Drawing {
  readonly #plot: uPlot;
  readonly #kind: ChartKind;
  readonly #watching: ResizeObserver;
  readonly #stopInks: () => void;
  #points: readonly Point[] = [];
  readonly #chosen: (index: number | null) => void;

  constructor(place: HTMLElement, kind: ChartKind, chosen: (index: number | null) => void) {
    this.#kind = kind;
    this.#chosen = chosen;
    const size = { width: place.clientWidth, height: place.clientHeight };
    this.#plot = new uPlot({ ...size, ...this.#options() }, [[]], place);
    this.#watching = new ResizeObserver(() => {
      this.#plot.setSize({ width: place.clientWidth, height: place.clientHeight });
    });
    this.#watching.observe(place);
    this.#stopInks = onInks(() => this.#plot.redraw());
  }

  show(points: readonly Point[]): void {
    this.#points = points;
    this.#plot.setData(columns(this.#kind, points) as uPlot.AlignedData);
  }

  end(): void {
    this.#watching.disconnect();
    this.#stopInks();
    this.#plot.destroy();
  }

  /** @param index of a point; null: the present */
  choose(index: number | null): void {
    const point = index === null ? undefined : this.#points[index];
    const left = point === undefined ? -10 : this.#plot.valToPos(point.atMs / 1000, 'x');
    this.#plot.setCursor({ left, top: 0 });
    this.#chosen(index);
  }

  press(event: KeyboardEvent): void {
    const step = STEPS[event.key];
    if (event.key === 'Escape' && (this.#plot.cursor.left ?? -1) >= 0) {
      // Taken: what is open elsewhere stays so (keys.ts).
      event.preventDefault();
      this.choose(null);
    }
    if (step === undefined) return;
    event.preventDefault();
    const last = this.#points.length - 1;
    const from = this.#plot.cursor.idx ?? last;
    this.choose(Math.min(Math.max(from + step, 0), last));
  }

  #options(): Omit<uPlot.Options, 'width' | 'height'> {
    return {
      padding: [6, 0, 0, 0],
      legend: { show: false },
      cursor: { y: false, drag: { x: false, y: false }, points: { size: 6 } },
      scales: {
        x: { range: () => [...times(this.#points)] },
        y: { range: (_, __, most) => [0, axisEnd(most ?? 0, this.#kind.least)] },
      },
      axes: [this.#timeAxis(), this.#valueAxis()],
      series: [{}, ...this.#kind.lines.map(seriesOf)],
      hooks: {
        setCursor: [
          ({ cursor }) => this.#chosen((cursor.left ?? -1) < 0 ? null : (cursor.idx ?? null)),
        ],
      },
    };
  }

  #timeAxis(): uPlot.Axis {
    return {
      stroke: () => inks().soft,
      font: FONT,
      size: 20,
      gap: 3,
      space: 70,
      grid: { show: false },
      ticks: { show: false },
      incrs: [15, 30, 60, 120, 300],
      // Seconds only where they are not all zero.
      values: (plot, moments) => moments.map((one) => momentAt(plot, one)),
    };
  }

  #valueAxis(): uPlot.Axis {
    return {
      stroke: () => inks().soft,
      font: FONT,
      size: AXIS_PIXELS,
      gap: 4,
      grid: { stroke: () => inks().line, width: 1 },
      ticks: { show: false },
      splits: (_, __, low, high) => [low, (low + high) / 2, high],
      values: (_, values) => values.map((value) => (value === 0 ? '0' : this.#kind.mark(value))),
    };
  }
}

/** Room beside the gridlines: eight signs of 11 px. What is longer is cut at its beginning, and then says something else. */
const AXIS_PIXELS = 46;

/** Half of a moment's width: nearer to an end it would be cut, or lie on a number of the other axis. */
const MOMENT_PIXELS = 24;

function momentAt(plot: uPlot, seconds: number): string {
  const left = plot.valToPos(seconds, 'x');
  const width = plot.over.clientWidth;
  if (left < MOMENT_PIXELS || left > width - MOMENT_PIXELS) return '';
  return clockTime(seconds * 1000).replace(/:00$/, '');
}

const FONT = '11px system-ui, sans-serif';

function seriesOf({ ink, isFilled, name }: Line): uPlot.Series {
  const series: uPlot.Series = {
    label: name,
    width: 1.5,
    points: { show: false },
    stroke: () => inks()[ink],
  };
  if (isFilled) series.fill = () => (ink === 'hot' ? inks().hot : inks().fill);
  return series;
}
