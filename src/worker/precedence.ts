// Which of the requests that wait for a thread go first: the lines of `priorities`, ready to be asked with every request that has to
// wait, and with no other. The first line that is about a request counts.

import type { Priority } from '../settings/priority.ts';
import type { RequestHead } from '../threads/app-thread.ts';

export type PrecededRequest = Pick<RequestHead, 'path' | 'fields'>;

export class Precedence {
  readonly #lines: readonly Priority[];
  /** All that there are, the highest first. */
  readonly #priorities: readonly number[];

  constructor(lines: readonly Priority[]) {
    this.#lines = lines;
    const all = new Set([0, ...lines.map(({ priority }) => priority)]);
    this.#priorities = [...all].sort((a, b) => b - a);
  }

  get count(): number {
    return this.#priorities.length;
  }

  /** 0 goes first. */
  of(request: PrecededRequest): number {
    return this.#priorities.indexOf(this.priorityOf(request));
  }

  /** As the line says that is about it; 0 where none is. */
  priorityOf(request: PrecededRequest): number {
    return this.#lines.find((one) => concerns(one, request))?.priority ?? 0;
  }
}

function concerns({ path, field, value }: Priority, request: PrecededRequest): boolean {
  if (path !== null) return request.path.startsWith(path);
  const { fields } = request;
  for (let at = 0; at < fields.length; at += 2) {
    const isIt = fields[at]?.toLowerCase() === field;
    if (isIt && (value === null || fields[at + 1] === value)) return true;
  }
  return false;
}
