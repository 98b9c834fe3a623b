// The rows of the two tables: which of them are shown and in which order, and the columns that they have. A column says how soon it
// gives way where the window is narrow.

import { duration } from '../durations.ts';
import type { Seen, ThreadSeen, WorkerSeen } from './seen.ts';

export type TableName = 'threads' | 'workers';

export interface Column {
  readonly title: string;
  /** Numbers stand at the right. */
  readonly isNumber: boolean;
  /** Those with the highest go first; 0 never goes. */
  readonly leaves: number;
}

export interface Row {
  readonly key: string;
  readonly cells: readonly string[];
  /** How long what it runs has been running. */
  readonly ms: number | null;
}

/** By what rows are sorted, the first where nobody says. */
export const SORTS = {
  threads: ['longest', 'name', 'client', 'request'],
  workers: ['name', 'answered', 'connections', 'memory'],
} as const satisfies Record<TableName, readonly string[]>;

type SortOf<Table extends TableName> = (typeof SORTS)[Table][number];

export const COLUMNS: Readonly<Record<TableName, readonly Column[]>> = {
  threads: [
    { title: 'THREAD', isNumber: false, leaves: 0 },
    { title: 'STATE', isNumber: false, leaves: 2 },
    { title: 'LOAD', isNumber: true, leaves: 3 },
    { title: 'FOR', isNumber: true, leaves: 0 },
    { title: 'CLIENT', isNumber: false, leaves: 1 },
    { title: 'REQUEST', isNumber: false, leaves: 0 },
  ],
  workers: [
    { title: 'WORKER', isNumber: false, leaves: 0 },
    { title: 'STATE', isNumber: false, leaves: 1 },
    { title: 'BUSY', isNumber: true, leaves: 2 },
    { title: 'QUEUED', isNumber: true, leaves: 3 },
    { title: 'CONNECTIONS', isNumber: true, leaves: 4 },
    { title: 'ANSWERED', isNumber: true, leaves: 0 },
    { title: 'MEMORY', isNumber: true, leaves: 0 },
  ],
};

/** Of threads: larger comes first; where that is the same, by name. */
const THREAD_ORDER: Readonly<
  Record<SortOf<'threads'>, (one: ThreadSeen, other: ThreadSeen) => number>
> = {
  longest: (one, other) => (other.ms ?? -1) - (one.ms ?? -1),
  name: () => 0,
  client: (one, other) => lastIfEmpty(one.client, other.client),
  request: (one, other) => lastIfEmpty(one.request, other.request),
};

const WORKER_ORDER: Readonly<
  Record<SortOf<'workers'>, (one: WorkerSeen, other: WorkerSeen) => number>
> = {
  name: () => 0,
  answered: (one, other) => other.answered - one.answered,
  connections: (one, other) => other.connections - one.connections,
  memory: (one, other) => other.memoryBytes - one.memoryBytes,
};

export interface Choice {
  readonly table: TableName;
  /** Which of SORTS. */
  readonly sort: number;
  /** Only rows with this text in a cell; case does not matter. */
  readonly filter: string;
}

export function rowsOf(seen: Seen, { table, sort, filter }: Choice): readonly Row[] {
  const rows = table === 'threads' ? threadRows(seen, sort) : workerRows(seen, sort);
  const wanted = filter.toLowerCase();
  return rows.filter(({ cells }) => cells.some((cell) => cell.toLowerCase().includes(wanted)));
}

function threadRows({ threads }: Seen, sort: number): Row[] {
  const order = THREAD_ORDER[SORTS.threads[sort] ?? 'longest'];
  return [...threads]
    .sort((one, other) => order(one, other) || byName(one, other))
    .map(({ key, state, load, ms, client, request }) => ({
      key,
      cells: [key, state, String(load), ms === null ? '-' : duration(ms), client, request],
      ms,
    }));
}

function workerRows({ workers }: Seen, sort: number): Row[] {
  const order = WORKER_ORDER[SORTS.workers[sort] ?? 'name'];
  return [...workers]
    .sort((one, other) => order(one, other) || byName(one, other))
    .map(({ key, state, busy, threads, queued, connections, answered, memoryBytes }) => ({
      key,
      cells: [
        key,
        state,
        `${busy}/${threads}`,
        ...[queued, connections, answered].map(String),
        `${Math.round(memoryBytes / 2 ** 20)}M`,
      ],
      ms: null,
    }));
}

function byName(one: { readonly key: string }, other: { readonly key: string }): number {
  return one.key.localeCompare(other.key, 'en', { numeric: true });
}

function lastIfEmpty(one: string, other: string): number {
  if ((one === '') !== (other === '')) return one === '' ? 1 : -1;
  return one.localeCompare(other, 'en', { numeric: true });
}
