// Takes back what was sent ahead to a thread: asks the interpreter, which may be held by a request just then, up to where the
// thread has begun. An answer that is late is lost, and the same question gets the same one.

import { Buffer } from 'node:buffer';
import { pair, ToControl } from './control.ts';
import { ANSWER_MS } from './interruption.ts';

/** Each time it is waited twice as long as before, up to this: a held interpreter is not to find a heap of questions. */
const WAIT_MOST_MS = 8000;

export interface Withdrawn {
  /** Index of the thread. */
  readonly thread: number;
  /** Requests `after` < number <= `upto` are never to begin, if they have not. */
  readonly after: number;
  readonly upto: number;
}

/** The interpreter, as far as this goes. */
export interface Withdrawing {
  /** False: nobody waits for the answer any more, the thread or the process has gone. */
  readonly goesOn: () => boolean;
  /** An answer of the control thread; null when none came within the time (ms). */
  readonly ask: (kind: number, payload: Buffer, withinMs: number) => Promise<string | null>;
}

/** The number of the last request that has begun; null when nobody can tell any more. */
export async function withdraw(from: Withdrawing, what: Withdrawn): Promise<number | null> {
  const range = Buffer.concat([pair(what.thread, what.after), pair(what.upto, 0)]);
  for (let withinMs = ANSWER_MS; from.goesOn(); withinMs = Math.min(2 * withinMs, WAIT_MOST_MS)) {
    const answer = await from.ask(ToControl.WITHDRAW, range, withinMs);
    if (answer !== null) return Number(answer);
  }
  return null;
}
