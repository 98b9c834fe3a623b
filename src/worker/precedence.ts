// Which of the requests that wait for a thread go first: the lines of `priorities`, ready to be asked with every request that has to
// wait, and with no other. The first line that is about a request counts. One that may be read in several ways (an odd path, a
// field that comes twice) gets the least of what each would have: nobody goes before others, or around a line, by how it is written.

import { hasDots, pathForms, plainPath } from '../limits/path-forms.ts';
import type { Priority } from '../settings/priority.ts';
import type { RequestHead } from '../threads/app-thread.ts';

export type PrecededRequest = Pick<RequestHead, 'path' | 'fields'>;

/** One way to read a request. */
interface Reading {
  readonly path: string;
  /** `path` is as plainPath has it, and not as sent. */
  readonly isPlain: boolean;
  /** Of a field that comes more than once. */
  readonly counts: 'each' | 'any';
}

interface Line extends Priority {
  readonly plain: string;
}

export class Precedence {
  readonly #lines: readonly Line[];
  readonly #readsPath: boolean;
  readonly #readsFields: boolean;
  /** All that there are, the highest first. */
  readonly #priorities: readonly number[];

  constructor(lines: readonly Priority[]) {
    this.#lines = lines.map((line) => ({ ...line, plain: plainPath(line.path ?? '') }));
    this.#readsPath = lines.some(({ path }) => path !== null);
    this.#readsFields = lines.some(({ path }) => path === null);
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
    const priorities = this.#readings(request.path).map((reading) => {
      const line = this.#lines.find((one) => concerns(one, reading, request.fields));
      return line?.priority ?? 0;
    });
    // With dots it is in small letters that it leads somewhere, which need not be what an application has there.
    const most = this.#readsPath && hasDots(request.path) ? 0 : Number.POSITIVE_INFINITY;
    return Math.min(most, ...priorities);
  }

  #readings(path: string): readonly Reading[] {
    const paths = [{ path, isPlain: false }];
    if (this.#readsPath) {
      for (const form of pathForms(path)) {
        if (form !== path) paths.push({ path: form, isPlain: true });
      }
    }
    const both = this.#readsFields ? (['each', 'any'] as const) : (['each'] as const);
    return both.flatMap((counts) => paths.map((one) => ({ ...one, counts })));
  }
}

function concerns(
  { path, plain, field, value }: Line,
  reading: Reading,
  fields: readonly string[],
): boolean {
  if (path !== null) return reading.path.startsWith(reading.isPlain ? plain : path);
  let has = false;
  for (let at = 0; at < fields.length; at += 2) {
    if (fields[at]?.toLowerCase() !== field) continue;
    const isIt = value === null || fields[at + 1] === value;
    if (isIt && reading.counts === 'any') return true;
    if (!isIt && reading.counts === 'each') return false;
    has ||= isIt;
  }
  return has;
}
