// What somebody made of the bytes of a case, in a few words: which requests it took them for, and what came of the rest.
// Ours comes from the case's events; another parser's or server's is put into the same words, so that they compare.

import { shown } from '../unit/http1/feed.ts';

export interface ReadRequest {
  readonly method: string;
  /** Printable, as `shown` makes it. */
  readonly target: string;
  readonly body: string;
}

export interface Reading {
  readonly requests: readonly ReadRequest[];
  /** `refuses`, with anything behind it; `waits`; or empty when all of it was read. */
  readonly ending: string;
}

/** The reading that the events of a case tell. */
export function readingOf(events: readonly string[]): Reading {
  const requests: ReadRequest[] = [];
  let open: { method: string; target: string; body: string } | null = null;
  let ending = '';
  for (const event of events) {
    const head = /^(\S+) (\S+) HTTP\/1\.[01] /.exec(event);
    const error = /^error (.+)$/.exec(event);
    if (error !== null) ending = `refuses ${error[1]}`;
    else if (event.startsWith('wants more')) ending = 'waits';
    else if (event === 'end' && open !== null) {
      requests.push(open);
      open = null;
    } else if (open === null && head !== null) {
      open = { method: head[1] ?? '', target: head[2] ?? '', body: '' };
    } else if (open !== null && event.startsWith('body ')) open.body = event.slice(5);
  }
  return { requests, ending };
}

/** "POST / hello, then refuses 400 bare-lf". Long parts are cut. */
export function inWords({ requests, ending }: Reading): string {
  const told = requests.map(({ method, target, body }) =>
    [method || 'no method', target, body].map(cut).join(' ').trimEnd(),
  );
  if (ending !== '') told.push(ending);
  return told.length === 0 ? 'nothing' : told.join(', then ');
}

/** The same requests, and the same end but for what a refusal is called. */
export function sameReading(one: Reading, other: Reading): boolean {
  const first = (ending: string): string => ending.split(' ')[0] ?? '';
  return (
    first(one.ending) === first(other.ending) &&
    JSON.stringify(one.requests) === JSON.stringify(other.requests)
  );
}

export function readRequest(method: string, target: string, body: string): ReadRequest {
  return { method: shown(method), target: shown(target), body: shown(body) };
}

function cut(text: string): string {
  return text.length > 24 ? `${text.slice(0, 24)}...` : text;
}
