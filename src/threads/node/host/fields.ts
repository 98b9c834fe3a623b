// The fields of a request as its application is to see them: as they came, but for what names the span that the application's own
// spans belong below.

import type { Job } from '../../app-thread.ts';

export function fieldsOf({ head, trace }: Pick<Job, 'head' | 'trace'>): readonly string[] {
  const traceparent = trace?.traceparent ?? null;
  return traceparent === null ? head.fields : withTraceparent(head.fields, traceparent);
}

/** In the place of the first that came, or at the end; Node.js would join two. */
function withTraceparent(fields: readonly string[], value: string): string[] {
  const list: string[] = [];
  let has = false;
  for (let at = 0; at < fields.length; at += 2) {
    const name = fields[at] as string;
    const isIt = name.length === NAME.length && name.toLowerCase() === NAME;
    if (isIt && has) continue;
    list.push(name, isIt ? value : (fields[at + 1] as string));
    has ||= isIt;
  }
  if (!has) list.push(NAME, value);
  return list;
}

const NAME = 'traceparent';
