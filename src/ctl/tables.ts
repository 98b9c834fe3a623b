// The answers of the control socket as text for people: columns, and sentences. What is not as it should be, because another
// version of the server answers, is shown as it came.

import { brief, duration } from '../durations.ts';
import { list, type Members, members, number, rowsOf, text } from './answer.ts';

/** Of an answer: its text. */
export type Shown = (answer: Members) => string;

export interface Column {
  readonly title: string;
  readonly of: (row: Members) => string;
  /** Numbers stand at the right. */
  readonly isNumber?: boolean;
}

export const tables = {
  status: (answer: Members): string => {
    const { workers, threads } = answer as { workers?: Members; threads?: Members };
    const rows: readonly (readonly [string, string])[] = [
      [
        'server',
        `${text(answer['name'])} (tunicorn ${text(answer['version'])}, pid ${text(answer['pid'])})`,
      ],
      ['listening at', list(answer['listening'])],
      ['phase', text(answer['phase'])],
      ['up for', duration(1000 * number(answer['uptimeSeconds']))],
      ['workers', `${text(workers?.['ready'])} ready of ${text(workers?.['wanted'])}`],
      ['connections', text(answer['connections'])],
      ['threads', `${text(threads?.['busy'])} busy of ${text(threads?.['all'])}`],
      ['requests', `${text(answer['requests'])} with threads, ${text(answer['queued'])} wait`],
      ...(answer['successor'] === null
        ? []
        : [['successor', `pid ${text(answer['successor'])}`] as const]),
    ];
    return rows.map(([name, value]) => `${name.padEnd(13)} ${value}\n`).join('');
  },

  traffic: (answer: Members): string => {
    const lately = members(answer['lately']);
    const seconds = number(lately['seconds']);
    const rows: readonly (readonly [string, string])[] = [
      ['lately', `${number(lately['perSecond']).toFixed(1)} requests/s in ${seconds.toFixed(1)} s`],
      ['took', quantiles(lately['durationMs'])],
      ['waited', quantiles(lately['queueWaitMs'])],
      ['answered', countsInWords(lately['answered'])],
      ['unserved', countsInWords(lately['unserved'])],
      ['refused', countsInWords(lately['refused'])],
      [
        'since start',
        `answered ${countsInWords(answer['answered'])}; unserved ${countsInWords(answer['unserved'])}; refused ${countsInWords(answer['refused'])}`,
      ],
    ];
    return rows.map(([name, value]) => `${name.padEnd(13)} ${value}\n`).join('');
  },

  workers: table('workers', [
    column('PID', 'pid'),
    column('NUMBER', 'age'),
    words('STATE', 'state'),
    { title: 'SERVED', of: (row) => since(row['servedSeconds'], 1000), isNumber: true },
    column('CONNECTIONS', 'connections'),
    column('ANSWERED', 'answered'),
    column('QUEUED', 'queued'),
    column('REQUESTS', 'requests'),
    {
      title: 'THREADS',
      of: (row) => `${text(row['busyThreads'])}/${text(row['threads'])}`,
      isNumber: true,
    },
    { title: 'MEMORY', of: (row) => mebibytes(row['memoryBytes']), isNumber: true },
    column('FILES', 'openFiles'),
  ]),

  threads: (answer: Members): string => {
    const rows = rowsOf(answer['threads']).flatMap((thread) => {
      const name = `${text(thread['worker'])}/${text(thread['name']).replace('thread ', '')}`;
      const requests = rowsOf(thread['requests']);
      const first = { ...thread, name, request: requests[0] };
      return [
        first,
        ...requests.slice(1).map((request) => ({ name: '', state: '', load: '', request })),
      ];
    });
    const stacks = rowsOf(answer['threads'])
      .filter(({ stack }) => typeof stack === 'string')
      .map(
        (thread) =>
          `\n${text(thread['worker'])}/${text(thread['name']).replace('thread ', '')}\n${text(thread['stack'])}\n`,
      );
    const columns = [
      words('THREAD', 'name'),
      words('STATE', 'state'),
      column('LOAD', 'load'),
      ...requestColumns,
    ];
    return columnsOf(rows, columns) + silence(answer) + stacks.join('');
  },

  connections: (answer: Members): string => {
    const states = Object.entries(members(answer['states']));
    const counts = states.map(([state, count]) => `${state} ${text(count)}`).join(', ');
    const rows = rowsOf(answer['connections']);
    const more = number(answer['matching']) - rows.length;
    const head = `${text(answer['open'])} open${counts === '' ? '' : `: ${counts}`}\n`;
    const columns = [
      column('WORKER', 'worker'),
      words('STATE', 'state'),
      { title: 'AGE', of: (row: Members) => since(row['ageMs']), isNumber: true },
      { title: 'DEADLINE', of: (row: Members) => deadline(row['deadline']) },
      words('CLIENT', 'client'),
      { title: 'REQUEST', of: (row: Members) => line(row['request']) },
      {
        title: 'THREAD',
        of: (row: Members) => (row['thread'] === null ? '' : text(row['thread'])),
      },
    ];
    const rest = more > 0 ? `and ${more} more: --limit\n` : '';
    return head + (rows.length === 0 ? '' : columnsOf(rows, columns)) + rest + silence(answer);
  },

  queue: (answer: Members): string => {
    const rows = rowsOf(answer['requests']).map((request) => ({ ...request, request }));
    const head = `${text(answer['length'])} waiting\n`;
    const columns = [column('WORKER', 'worker'), ...requestColumns];
    return head + (rows.length === 0 ? '' : columnsOf(rows, columns)) + silence(answer);
  },

  events: (answer: Members): string => {
    const rows = rowsOf(answer['events']);
    const columns: readonly Column[] = [
      { title: 'TIME', of: (row) => moment(row['atMs']) },
      words('WHAT', 'kind'),
      column('TIMES', 'count'),
      column('WORKER', 'worker'),
      words('WHY', 'why'),
    ];
    return rows.length === 0 ? 'Nothing yet.\n' : columnsOf(rows, columns);
  },

  settings: table('settings', [
    words('SETTING', 'name'),
    { title: 'VALUE', of: (row) => JSON.stringify(row['value']) ?? '' },
    words('SET BY', 'source'),
  ]),
} satisfies Record<string, Shown>;

/** "2xx 5, 4xx 1", or none. */
export function countsInWords(counts: unknown): string {
  const some = Object.entries(members(counts)).filter(([, count]) => number(count) > 0);
  return some.map(([name, count]) => `${text(name)} ${text(count)}`).join(', ') || 'none';
}

/** What was done, as a sentence. */
export function actionWords(sentence: (answer: Members) => string): Shown {
  return (answer) => `${sentence(answer)}\n`;
}

const requestColumns: readonly Column[] = [
  {
    title: 'FOR',
    of: (row) => since(members(row['request'])['ranMs'] ?? members(row['request'])['ageMs']),
    isNumber: true,
  },
  { title: 'CLIENT', of: (row) => text(members(row['request'])['client'] ?? '') },
  { title: 'REQUEST', of: (row) => line(row['request']) },
];

function table(member: string, columns: readonly Column[]): Shown {
  return (answer) => columnsOf(rowsOf(answer[member]), columns);
}

export function column(title: string, member: string): Column {
  return { title, of: (row) => text(row[member]), isNumber: true };
}

export function words(title: string, member: string): Column {
  return { title, of: (row) => text(row[member]) };
}

export function columnsOf(rows: readonly Members[], columns: readonly Column[]): string {
  const lines = [
    columns.map(({ title }) => title),
    ...rows.map((row) => columns.map(({ of }) => of(row))),
  ];
  const widths = columns.map((_, at) =>
    Math.max(...lines.map((cells) => (cells[at] ?? '').length)),
  );
  return lines
    .map((cells) =>
      cells
        .map((cell, at) => {
          const width = widths[at] ?? 0;
          return columns[at]?.isNumber ? cell.padStart(width) : cell.padEnd(width);
        })
        .join('  ')
        .trimEnd()
        .concat('\n'),
    )
    .join('');
}

export function silence(answer: Members): string {
  const silent = Array.isArray(answer['silent']) ? answer['silent'] : [];
  return silent.map((pid) => `Worker ${text(pid)} does not answer.\n`).join('');
}

function line(request: unknown): string {
  const { method, path } = members(request);
  return method === undefined ? '' : `${text(method)} ${text(path)}`;
}

function deadline(value: unknown): string {
  if (value === null || value === undefined) return 'none';
  const { setting, inMs } = members(value);
  return `${setting === null ? '' : `${text(setting)} `}in ${duration(number(inMs))}`;
}

export function since(value: unknown, unit = 1): string {
  return typeof value === 'number' ? duration(value * unit) : '-';
}

/** 2026-11-28 16:26:10Z */
function moment(atMs: unknown): string {
  if (typeof atMs !== 'number') return '-';
  return new Date(atMs).toISOString().replace(/T(.*)\.\d+Z/, ' $1Z');
}

function mebibytes(value: unknown): string {
  return typeof value === 'number' ? `${Math.round(value / 2 ** 20)}M` : '-';
}

/** Half of them took no longer, and all but a hundredth. */
function quantiles(value: unknown): string {
  const { p50, p99 } = members(value);
  return `p50 ${brief(p50)}, p99 ${brief(p99)}`;
}
