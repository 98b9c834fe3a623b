// One picture of a server in a window of any size, as lines of text with a style each. Pure and plain: printable ASCII, one column a
// character, so that every terminal shows it alike. What does not fit is left out from the least important on.

import { brief, duration } from '../durations.ts';
import { COLUMNS, type Row, rowsOf } from './rows.ts';
import type { Quantiles, Seen } from './seen.ts';
import { BINDINGS, chosenAt, type View } from './view.ts';

export type Style = 'plain' | 'bold' | 'dim' | 'inverse' | 'good' | 'warn' | 'bad';

export interface Span {
  readonly text: string;
  readonly style: Style;
}

export type Line = readonly Span[];

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** A window that is lower has the states of connections in words and not as bars. */
const BARS_FROM_HEIGHT = 18;
/** A bar with its name and number is as wide at least. */
const BAR_WIDTH_MIN = 36;
/** REQUEST has so much at least, or columns give way. */
const LAST_COLUMN_MIN = 18;
/** What runs for longer is worth a look, or a hand. */
const WARN_MS = 1000;
const BAD_MS = 10_000;

const NO_STACK_YET: readonly string[] = [
  'Asking where it is. That takes some',
  'seconds where it is in native code.',
];

/** As many lines as the window is high, none wider than it. */
export function picture(seen: Seen, view: View, { width, height }: Size): Line[] {
  const head = headOf(seen, width, height >= BARS_FROM_HEIGHT);
  // In a low window as much is left for the rows.
  const most = height >= BARS_FROM_HEIGHT ? height - 4 : Math.floor(height / 2);
  const above = head.slice(0, height < 4 ? 0 : most);
  const room = Math.max(0, height - above.length - 1);
  const body =
    view.mode === 'stack' ? stackOf(view, width, room) : tableOf(seen, view, width, room);
  const empty = Array.from({ length: Math.max(0, room - body.length) }, (): Line => []);
  const lines = [...above, ...body, ...empty, footOf(view, width)];
  return lines.slice(-height).map((line) => cut(line, width));
}

/** All that there is, for a reader without a window: as high as it gets. */
export function wholePicture(seen: Seen, view: View, width: number): string {
  const body = tableOf(seen, view, width, Number.POSITIVE_INFINITY, false);
  const lines = [...headOf(seen, width, true), ...body].map((line) => cut(line, width));
  return lines.map((line) => `${textOf(line).trimEnd()}\n`).join('');
}

export function textOf(line: Line): string {
  return line.map(({ text }) => text).join('');
}

function headOf(seen: Seen, width: number, roomy: boolean): Line[] {
  const title = `${seen.name} (pid ${seen.pid}) ${seen.phase}, up ${duration(seen.uptimeMs)}`;
  const gap = width - title.length - seen.listening.length;
  const place = gap < 2 ? '' : ' '.repeat(gap) + seen.listening;
  return [
    [span(title, 'bold'), span(place, 'dim')],
    ...packed(
      [
        `${rate(seen.perSecond)} requests/s`,
        ...seen.answered.map(([name, count]) => `${name} ${rate(count)}`),
        ...seen.unserved.map(([name, count]) => `${name} ${rate(count)}`),
        ...seen.refused.map(([name, count]) => `refused: ${name} ${rate(count)}`),
      ],
      width,
      'plain',
    ),
    ...packed(
      [
        `threads ${seen.busyThreads}/${seen.allThreads} busy`,
        `workers ${seen.ready}/${seen.wanted} ready`,
        `connections ${seen.connections}`,
        `queued ${seen.queued}`,
      ],
      width,
      'plain',
    ),
    ...packed(
      [`took ${shown(seen.durationMs)}`, `waited ${shown(seen.queueWaitMs)}`],
      width,
      'plain',
    ),
    ...packed(
      seen.silent.map((pid) => `Worker ${pid} does not answer.`),
      width,
      'bad',
    ),
    ...(roomy ? barsOf(seen, width) : wordsOf(seen, width)),
  ];
}

function wordsOf({ states }: Seen, width: number): Line[] {
  return packed(
    states.map(([state, count]) => `${state} ${count}`),
    width,
    'dim',
  );
}

/** A bar for each state, as long as its share of all connections, side by side where there is room. */
function barsOf({ states, connections }: Seen, width: number): Line[] {
  const beside = Math.max(1, Math.floor((width + 2) / (BAR_WIDTH_MIN + 2)));
  const each = Math.floor((width + 2) / beside) - 2;
  const names = Math.max(0, ...states.map(([state]) => state.length));
  const digits = Math.max(0, ...states.map(([, count]) => String(count).length));
  const most = Math.max(1, each - names - digits - 2);
  const bars = states.map(([state, count]): Line => {
    const share = connections === 0 ? 0 : Math.min(1, count / connections);
    // One connection of thousands is seen, too.
    const bar = '#'.repeat(count === 0 ? 0 : Math.max(1, Math.round(share * most)));
    return [
      span(`${state.padEnd(names)} ${String(count).padStart(digits)} `, 'plain'),
      span(bar.padEnd(most), state === 'queued' ? 'warn' : 'good'),
    ];
  });
  const lines: Line[] = [];
  for (let from = 0; from < bars.length; from += beside) {
    const side = bars.slice(from, from + beside);
    lines.push(side.flatMap((bar, at) => (at === 0 ? bar : [span('  ', 'plain'), ...bar])));
  }
  return lines;
}

/** `marks`: the row that is chosen is seen to be. */
function tableOf(seen: Seen, view: View, width: number, room: number, marks = true): Line[] {
  const rows = rowsOf(seen, view);
  const columns = COLUMNS[view.table];
  const at = fitting(rows, view, width);
  const widths = widthsOf(rows, view, at);
  const inLine = (cells: readonly string[]): string =>
    at
      .map((column, place) => {
        const cell = cells[column] ?? '';
        return columns[column]?.isNumber
          ? cell.padStart(widths[place] ?? 0)
          : cell.padEnd(widths[place] ?? 0);
      })
      .join('  ');
  const title = span(` ${inLine(columns.map((column) => column.title))}`.padEnd(width), 'inverse');
  const chosen = chosenAt(
    view,
    rows.map(({ key }) => key),
  );
  const shows = Math.max(0, room - 1);
  // The chosen one stays in sight, with some of what is around it.
  const from = Math.max(0, Math.min(rows.length - shows, chosen - Math.floor(shows / 2)));
  const lines = rows.slice(from, from + shows).map((row, index): Line => {
    const line = inLine(row.cells).padEnd(width);
    const isChosen = from + index === chosen && marks;
    return [isChosen ? span(`>${line}`, 'inverse') : span(` ${line}`, styleOf(row))];
  });
  return room <= 0 ? [] : [[title], ...lines];
}

/** Columns that have room, by their numbers: those that leave first go until the last one has enough. */
function fitting(rows: readonly Row[], view: View, width: number): number[] {
  const columns = COLUMNS[view.table];
  let at = columns.map((_, index) => index);
  for (;;) {
    const widths = widthsOf(rows, view, at);
    const needed = widths.reduce((sum, each) => sum + each + 2, -2);
    const last = widths.at(-1) ?? 0;
    if (1 + needed - last + Math.min(last, LAST_COLUMN_MIN) <= width) return at;
    const first = at.reduce((one, other) =>
      (columns[other]?.leaves ?? 0) > (columns[one]?.leaves ?? 0) ? other : one,
    );
    if ((columns[first]?.leaves ?? 0) === 0) return at;
    at = at.filter((column) => column !== first);
  }
}

function widthsOf(rows: readonly Row[], { table }: View, at: readonly number[]): number[] {
  return at.map((column) =>
    Math.max(
      (COLUMNS[table][column]?.title ?? '').length,
      ...rows.map(({ cells }) => (cells[column] ?? '').length),
    ),
  );
}

function styleOf({ ms }: Row): Style {
  if (ms === null) return 'dim';
  if (ms >= BAD_MS) return 'bad';
  return ms >= WARN_MS ? 'warn' : 'plain';
}

function stackOf(view: View, width: number, room: number): Line[] {
  const title = span(`${view.thread} ${view.running}`.padEnd(width), 'inverse');
  const lines = view.stack ?? NO_STACK_YET;
  const shows = lines.slice(view.stackFrom, view.stackFrom + Math.max(0, room - 1));
  return room <= 0 ? [] : [[title], ...shows.map((line): Line => [span(line, 'plain')])];
}

function footOf(view: View, width: number): Line {
  const keys = BINDINGS[view.mode].map(({ help }) => help(view)).filter((help) => help !== '');
  switch (view.mode) {
    case 'filter':
      return [span(`/${view.filter}_`, 'bold'), span(`  ${keys.join('  ')}`, 'dim')];
    case 'confirm': {
      const question = `Interrupt ${view.thread}?`;
      const rest = ` 504 for ${view.running}`;
      const end = `  ${keys.join('  ')}`;
      // The keys stay in sight, however long the path is.
      const room = Math.max(0, width - question.length - end.length);
      return [span(question + rest.slice(0, room), 'bold'), span(end, 'plain')];
    }
    default:
      return view.note === '' ? [span(keys.join('  '), 'dim')] : [span(view.note, 'bold')];
  }
}

/** As many parts in each line as fit, two apart. */
function packed(parts: readonly string[], width: number, style: Style): Line[] {
  const lines: string[] = [];
  for (const part of parts) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 2 + part.length <= width) {
      lines[lines.length - 1] = `${last}  ${part}`;
    } else lines.push(part);
  }
  return lines.map((line) => [span(line, style)]);
}

function cut(line: Line, width: number): Line {
  let left = width;
  return line.map(({ text, style }) => {
    const part = text.slice(0, left);
    left -= part.length;
    return { text: part, style };
  });
}

function span(text: string, style: Style): Span {
  return { text, style };
}

function shown({ p50, p99 }: Quantiles): string {
  return `p50 ${brief(p50)} p99 ${brief(p99)}`;
}

/** 0.4, 12.3, 1234 */
function rate(perSecond: number): string {
  return perSecond < 99.95 ? perSecond.toFixed(1) : perSecond.toFixed(0);
}
