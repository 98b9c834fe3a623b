// Ends one request that is past its time, and finds out where it was and which case it is: its own code runs (an
// exception lands in it), it waits in native code (nothing lands), or nobody in the interpreter answers.

import { ToControl } from '../../wire/python-frame.ts';
import type { Finding } from '../app-thread.ts';
import { finding } from '../finding.ts';
import type { PythonThread } from './channel.ts';
import { pair } from './control.ts';

/** How long the control thread may take to answer before the interpreter's lock is taken to be held. */
export const ANSWER_MS = 250;
/** How long an interrupted thread may take to come back before we ask whether the exception has landed. Python code
 * takes a few milliseconds. */
const COME_BACK_MS = 100;
/** Where it has landed, the application's `finally` and `with` may take so much longer. */
const CLEAN_UP_MS = 400;

/** The Python process, as far as one interruption is concerned. */
export interface Interrupted {
  /** An answer of the control thread; null when none came within the time (ms). */
  ask(kind: number, payload: Buffer, withinMs: number): Promise<string | null>;
  /** Where this thread is, without the interpreter's help; or, where it has not begun the request, where the others are. */
  heldStack(thread: PythonThread, request: number): Promise<string>;
}

export async function interruptRequest(
  process: Interrupted,
  thread: PythonThread,
  request: number,
): Promise<Finding> {
  const which = pair(thread.index, request);
  const stack = await process.ask(ToControl.INTERRUPT, which, ANSWER_MS);
  if (stack === null) return finding('interpreter-held', await process.heldStack(thread, request));
  if (await isBackWithin(thread, COME_BACK_MS)) {
    return finding(stack === '' ? 'ended' : 'interrupted', stack);
  }
  const landed = await process.ask(ToControl.LANDED, which, ANSWER_MS);
  if (landed !== 'yes') return finding('native-code', stack);
  const isBack = await isBackWithin(thread, CLEAN_UP_MS);
  return finding(isBack ? 'interrupted' : 'interrupt-ignored', stack);
}

/** True when the thread has no request any more, now or within `ms` milliseconds. */
async function isBackWithin(thread: PythonThread, ms: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(resolve, ms, false);
  });
  const back = thread.whenIdle().then(() => true);
  return Promise.race([back, late]).finally(() => clearTimeout(timer));
}
