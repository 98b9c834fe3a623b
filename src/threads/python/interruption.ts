// Ends one request that is past its time, and finds out where it was and which case it is: its own code runs (an
// exception lands in it), it waits in native code (nothing lands), or nobody in the interpreter answers.

import { ToControl } from '../../wire/python-frame.ts';
import type { Finding } from '../app-thread.ts';
import { finding } from '../finding.ts';
import type { PythonThread } from './channel.ts';
import { pair } from './control.ts';

/** When the control thread has not answered by then, somebody should be ready to take over: it may be a busy machine, or the
 * interpreter's lock is held. */
export const ANSWER_MS = 250;
/** When it has answered nothing for so long, whatever was asked, the lock is taken to be held: what else runs there cannot go on
 * either. */
const CERTAIN_MS = 2000;
/** So that whoever waits for as long as the question hears of the silence first. */
const EARLY_MS = 10;
/** How long an interrupted thread may take to come back before we ask whether the exception has landed. Python code
 * takes a few milliseconds, and its turn among others. */
const COME_BACK_MS = 250;
/** Where it has landed, the application's `finally` and `with` may take so much longer. */
const CLEAN_UP_MS = 400;

/** The interpreter of a Python process, as far as one interruption is concerned. */
export interface Interrupted {
  /** An answer of the control thread; null when none came within the time (ms). */
  ask(kind: number, payload: Buffer, withinMs: number): Promise<string | null>;
  /** Where this thread is, without the interpreter's help; or, where it has not begun the request, where the others are. */
  heldStack(thread: PythonThread, request: number): Promise<string>;
  /** For how long questions have been waiting for their first answer, ms; 0 when none does. */
  readonly silentMs: number;
  /** The interpreter has not answered within ANSWER_MS. */
  isSilent(): void;
}

/** For how long yet it is worth waiting for an answer, ms. */
export function patienceMs({ silentMs }: Pick<Interrupted, 'silentMs'>): number {
  return Math.max(ANSWER_MS, CERTAIN_MS - silentMs);
}

export async function interruptRequest(
  interpreter: Interrupted,
  thread: PythonThread,
  request: number,
): Promise<Finding> {
  const which = pair(thread.index, request);
  // Who has been silent anyway is asked for no longer than it takes to read what it said meanwhile.
  const answerMs = Math.max(EARLY_MS, ANSWER_MS - EARLY_MS - interpreter.silentMs);
  const answer = interpreter.ask(ToControl.INTERRUPT, which, patienceMs(interpreter));
  let held: string | null = null;
  if (!(await isWithin(answerMs, answer))) {
    interpreter.isSilent();
    // Now, for later the process may have been ended.
    held = await interpreter.heldStack(thread, request);
  }
  const stack = await answer;
  if (stack === null) {
    return finding('interpreter-held', held ?? (await interpreter.heldStack(thread, request)));
  }
  if (await isWithin(COME_BACK_MS, thread.whenIdle())) {
    return finding(stack === '' ? 'ended' : 'interrupted', stack);
  }
  const landed = await interpreter.ask(ToControl.LANDED, which, patienceMs(interpreter));
  if (landed !== 'yes') return finding('native-code', stack);
  const isBack = await isWithin(CLEAN_UP_MS, thread.whenIdle());
  return finding(isBack ? 'interrupted' : 'interrupt-ignored', stack);
}

/** True when it has come, or comes within so many milliseconds. */
async function isWithin(ms: number, what: Promise<unknown>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    // When our own loop stood still it may be there unread: the turn's reads come first.
    timer = setTimeout(() => setImmediate(resolve, false), ms);
  });
  return Promise.race([what.then(() => true), late]).finally(() => clearTimeout(timer));
}
