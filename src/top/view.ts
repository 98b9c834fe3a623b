// What somebody at the keys has chosen: which table, which row, what is asked of them. A table says what each key does in each mode,
// and the line of help is made from it. Pure: what has to be asked of the server is handed out as a deed.

import { type Choice, rowsOf, SORTS, type TableName } from './rows.ts';
import type { Seen } from './seen.ts';

export type Mode = 'table' | 'filter' | 'confirm' | 'stack';

export interface View extends Choice {
  readonly mode: Mode;
  /** Key of the row that is chosen; null: the first. */
  readonly chosen: string | null;
  /** In `confirm` and `stack`: the thread that it is about, and what it ran then. */
  readonly thread: string;
  readonly running: string;
  /** In `stack`; null: it has not come yet. */
  readonly stack: readonly string[] | null;
  /** The first line of it that is shown. */
  readonly stackFrom: number;
  /** A sentence about what was done last; empty: there is none. */
  readonly note: string;
}

export type Deed =
  | { readonly kind: 'leave' }
  | { readonly kind: 'stack'; readonly thread: string }
  | { readonly kind: 'interrupt'; readonly thread: string };

export interface Turn {
  readonly view: View;
  readonly deed: Deed | null;
}

interface Binding {
  /** As the library for terminals calls them. */
  readonly keys: readonly string[];
  /** What stands in the line of help; empty: nothing. */
  readonly help: (view: View) => string;
  readonly act: (view: View, seen: Seen) => Turn;
}

export const BEGINNING: View = {
  mode: 'table',
  table: 'threads',
  sort: 0,
  filter: '',
  chosen: null,
  thread: '',
  running: '',
  stack: null,
  stackFrom: 0,
  note: '',
};

/** Moves that a page is long. */
const PAGE = 10;
const FILTER_LENGTH_MAX = 60;

const silent = (): string => '';
const leave: Binding = {
  keys: ['q', 'CTRL_C'],
  help: () => 'q quit',
  act: (view) => ({ view, deed: { kind: 'leave' } }),
};

/** The first that has the key counts; in `filter` every other printable character is text. */
export const BINDINGS: Readonly<Record<Mode, readonly Binding[]>> = {
  table: [
    leave,
    binding(
      ['s'],
      ({ table, sort }) => `s sort: ${SORTS[table][sort]}`,
      (view) => ({
        sort: (view.sort + 1) % SORTS[view.table].length,
      }),
    ),
    binding(
      ['/'],
      ({ filter }) => (filter === '' ? '/ filter' : `/ filter: ${filter}`),
      () => ({ mode: 'filter' }),
    ),
    {
      keys: ['ENTER', 'KP_ENTER'],
      help: ({ table }) => (table === 'threads' ? 'Enter stack' : ''),
      act: askForStack,
    },
    {
      keys: ['i'],
      help: ({ table }) => (table === 'threads' ? 'i interrupt' : ''),
      act: askWhether,
    },
    binding(
      ['w', 'TAB'],
      ({ table }) => `w ${other(table)}`,
      ({ table }) => ({
        table: other(table),
        sort: 0,
        chosen: null,
      }),
    ),
    moves('UP', -1),
    moves('DOWN', 1),
    moves('PAGE_UP', -PAGE),
    moves('PAGE_DOWN', PAGE),
    moves('HOME', Number.NEGATIVE_INFINITY),
    moves('END', Number.POSITIVE_INFINITY),
  ],
  filter: [
    { ...leave, keys: ['CTRL_C'], help: silent },
    binding(
      ['ENTER', 'KP_ENTER'],
      () => 'Enter done',
      () => ({ mode: 'table' }),
    ),
    binding(
      ['ESCAPE'],
      () => 'Esc all',
      () => ({ mode: 'table', filter: '' }),
    ),
    binding(['BACKSPACE', 'DELETE'], silent, ({ filter }) => ({ filter: filter.slice(0, -1) })),
  ],
  confirm: [
    {
      keys: ['y', 'Y'],
      help: () => 'y yes',
      act: (view) => ({
        view: { ...view, mode: 'table', note: `Interrupting ${view.thread} ...` },
        deed: { kind: 'interrupt', thread: view.thread },
      }),
    },
    { ...leave, keys: ['CTRL_C'], help: silent },
    binding(
      ['n', 'N', 'q', 'ESCAPE', 'ENTER'],
      () => 'n no',
      () => ({ mode: 'table' }),
    ),
  ],
  stack: [
    { ...leave, keys: ['CTRL_C'], help: silent },
    binding(
      ['ESCAPE', 'ENTER', 'q', 'BACKSPACE'],
      () => 'Esc back',
      () => ({ mode: 'table' }),
    ),
    { keys: ['r'], help: () => 'r again', act: (view) => stackOf(view, view.thread) },
    { keys: ['i'], help: () => 'i interrupt', act: (view) => turn(view, { mode: 'confirm' }) },
    scrolls('UP', -1),
    scrolls('DOWN', 1),
    scrolls('PAGE_UP', -PAGE),
    scrolls('PAGE_DOWN', PAGE),
  ],
};

export function press(view: View, key: string, seen: Seen): Turn {
  const fresh = { ...view, note: '' };
  const bound = BINDINGS[view.mode].find(({ keys }) => keys.includes(key));
  if (bound !== undefined) return bound.act(fresh, seen);
  const isText = view.mode === 'filter' && /^[\x20-\x7e]$/.test(key);
  if (!isText || view.filter.length >= FILTER_LENGTH_MAX) return { view: fresh, deed: null };
  return turn(fresh, { filter: view.filter + key });
}

/** Which row of those that are shown is chosen. */
export function chosenAt(view: View, keys: readonly string[]): number {
  return Math.max(0, view.chosen === null ? 0 : keys.indexOf(view.chosen));
}

function turn(view: View, change: Partial<View>): Turn {
  return { view: { ...view, ...change }, deed: null };
}

function binding(
  keys: readonly string[],
  help: (view: View) => string,
  change: (view: View) => Partial<View>,
): Binding {
  return { keys, help, act: (view) => turn(view, change(view)) };
}

function moves(key: string, by: number): Binding {
  return {
    keys: [key],
    help: silent,
    act: (view, seen) => {
      const keys = rowsOf(seen, view).map((row) => row.key);
      const at = Math.min(keys.length - 1, Math.max(0, chosenAt(view, keys) + by));
      return turn(view, { chosen: keys[at] ?? null });
    },
  };
}

function scrolls(key: string, by: number): Binding {
  return binding([key], silent, ({ stack, stackFrom }) => ({
    stackFrom: Math.min(Math.max(0, (stack?.length ?? 0) - 1), Math.max(0, stackFrom + by)),
  }));
}

function other(table: TableName): TableName {
  return table === 'threads' ? 'workers' : 'threads';
}

function askForStack(view: View, seen: Seen): Turn {
  const row = chosenThread(view, seen);
  if (row === null) return { view, deed: null };
  return stackOf({ ...view, running: row.request }, row.key);
}

function stackOf(view: View, thread: string): Turn {
  return {
    view: { ...view, mode: 'stack', thread, stack: null, stackFrom: 0 },
    deed: { kind: 'stack', thread },
  };
}

function askWhether(view: View, seen: Seen): Turn {
  const row = chosenThread(view, seen);
  if (row === null) return { view, deed: null };
  if (row.request === '') return turn(view, { note: `${row.key} runs no request.` });
  return turn(view, { mode: 'confirm', thread: row.key, running: row.request });
}

function chosenThread(view: View, seen: Seen): Seen['threads'][number] | null {
  if (view.table !== 'threads') return null;
  const keys = rowsOf(seen, view).map(({ key }) => key);
  const key = keys[chosenAt(view, keys)];
  return seen.threads.find((thread) => thread.key === key) ?? null;
}
