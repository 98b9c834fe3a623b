// The end of a process that this one has started, with what it said last. Its exit alone comes too early, because its pipe or
// channel may still hold words; the end of the pipe may never come, because whatever it has forked has that pipe as well.

import type { ChildProcess } from 'node:child_process';
import type { Duplex } from 'node:stream';

/** What a process said before its exit is read within this time. */
const LAST_WORDS_MS = 1_000;

export interface ChildEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Why it could not be started; null: it was. */
  readonly error: NodeJS.ErrnoException | null;
}

/** What is open at descriptor 3 of a process that was started with a pipe there; null when the process could not be started. */
export function wireOf(child: ChildProcess): Duplex | null {
  // @types/node does not know it: where descriptors run out there is no stdio at all.
  const stdio: ChildProcess['stdio'] | undefined = child.stdio;
  return (stdio?.[3] as Duplex | null | undefined) ?? null;
}

/**
 * Resolves when the process has ended and `wire` was read to its end, or a moment later, or when it could not be started. A pipe
 * is closed then, whoever else has it. 'channel': Node.js's own. Never rejects. To be asked for in the turn in which the process
 * is started.
 */
export function endOf(child: ChildProcess, wire: Duplex | 'channel' | null): Promise<ChildEnd> {
  return new Promise((resolve) => {
    const finish = (end: ChildEnd): void => {
      if (wire !== 'channel') wire?.destroy();
      resolve(end);
    };
    const isRead = (): boolean => (wire === 'channel' ? !child.connected : (wire?.closed ?? true));
    // Also a failed kill: the exit that follows tells what matters.
    child.on('error', (error) => {
      if (child.pid === undefined) finish({ code: null, signal: null, error });
    });
    child.once('exit', (code, signal) => {
      const end: ChildEnd = { code, signal, error: null };
      if (isRead()) {
        finish(end);
        return;
      }
      const late = setTimeout(finish, LAST_WORDS_MS, end);
      const read = (): void => {
        clearTimeout(late);
        finish(end);
      };
      if (wire === 'channel') child.once('disconnect', read);
      else wire?.once('close', read);
    });
  });
}
