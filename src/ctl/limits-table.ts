// Whom the limits refuse, as text for people: one line for each client or key and limit, who is refused most lately first.

import { duration } from '../durations.ts';
import { type Members, members, number, rowsOf, text } from './answer.ts';
import { type Column, column, columnsOf, countsInWords, silence, since, words } from './tables.ts';

/** On a screen; --json has all. */
const ROWS_MAX = 100;

const COLUMNS: readonly Column[] = [
  { title: 'WHO', of: (row) => who(row) },
  { title: 'LIMIT', of: (row) => `${what(row)}${row['dry'] === true ? ' (dry run)' : ''}` },
  column('LAST 10s', 'lately'),
  column('REFUSED', 'refused'),
  { title: 'SINCE', of: (row) => since(row['sinceMs']), isNumber: true },
  { title: 'LAST', of: (row) => since(row['lastMs']), isNumber: true },
  { title: 'RETRY IN', of: (row) => retry(row), isNumber: true },
  words('RULE', 'rule'),
  words('SET BY', 'set'),
];

export function limitsTable(answer: Members): string {
  const lately = members(answer['lately']);
  const rows = rowsOf(answer['clients']);
  const more = rows.length - ROWS_MAX;
  const unlisted = number(answer['unlisted']);
  const head =
    `refused in ${number(lately['seconds']).toFixed(1)} s: ${countsInWords(lately['refused'])}; ` +
    `since start: ${countsInWords(answer['refused'])}\n`;
  const table = rows.length === 0 ? '' : columnsOf(rows.slice(0, ROWS_MAX), COLUMNS);
  const rest = more > 0 ? `and ${more} more: --json\n` : '';
  const others =
    unlisted > 0 ? `and ${unlisted} times others, each seldom or more than ten minutes ago\n` : '';
  return head + table + rest + others + silence(answer);
}

/** "203.0.113.7", "x-api-key sha256:5dc1d6bb3a22", "everybody" */
function who({ by, key }: Members): string {
  const field = text(by);
  if (field.startsWith('header:')) return `${field.slice('header:'.length)} ${text(key)}`;
  return field === 'function' ? `function's ${text(key)}` : text(key);
}

/** The name of a rate, or what else was limited. */
function what({ reason, limit }: Members): string {
  return reason === 'rate' ? text(limit) : text(reason);
}

function retry({ retryMs }: Members): string {
  return number(retryMs) > 0 ? duration(number(retryMs)) : '-';
}
