// One line of `priorities`: requests that go before others when they wait for a thread, or behind them. "/health=10" is about
// paths that begin so, "x-tier: gold=5" about a field and its value, "x-batch:=-5" about a field with any.

export interface Priority {
  /** What a path begins with; null: it is about a field. */
  readonly path: string | null;
  /** Name of a field in small letters, and its value; null: any. */
  readonly field: string;
  readonly value: string | null;
  /** Requests that no line is about have 0; more goes first. */
  readonly priority: number;
}

/** No such line; the message says why, or nothing. */
export class PriorityError extends Error {}

export const PRIORITY_RULE =
  'PATH=NUMBER or FIELD: VALUE=NUMBER, with whole numbers from -100 to 100';

const PRIORITY_MAX = 100;

/** @throws PriorityError */
export function parsePriority(text: string): Priority {
  const parts = /^(.*)=\s*([+-]?\d{1,3})\s*$/.exec(text);
  const about = parts?.[1]?.trim() ?? '';
  const priority = Number(parts?.[2]);
  if (parts === null || Math.abs(priority) > PRIORITY_MAX) throw new PriorityError();
  if (about.startsWith('/')) {
    if (/[^!-~]|[?#]/.test(about)) throw new PriorityError('a path has neither ?, # nor blanks');
    if (/\/\.{1,2}(\/|$)/.test(about)) {
      throw new PriorityError('no request is known by . or .. in its path');
    }
    return { path: about, field: '', value: null, priority };
  }
  // RFC 9110, 5.6.2
  const field = /^([!#$%&'*+.^_`|~\w-]+):\s*(.*)$/.exec(about);
  if (field === null) throw new PriorityError();
  const [, name = '', value = ''] = field;
  return { path: null, field: name.toLowerCase(), value: value === '' ? null : value, priority };
}
