// Has the terminal back as it was, whatever becomes of the process that draws on it: that one is a child, and this one does nothing but
// wait for its end; should this one be killed, a watcher does it. What the child has to say is told once the terminal is as it was.

import { fork } from 'node:child_process';
import { writeSync } from 'node:fs';
import { constants } from 'node:os';
import { programAt } from '../package-folder.ts';
import { GIVE_BACK } from './give-back.ts';
import { modesOfLine, Watcher } from './watcher.ts';

/** The terminal is being taken over; it is, with its line in the modes of the view. */
export type FromView = 'taken' | 'drawn';

/** The child ends at once when it is told to; one that does not is killed. */
const END_MS = 2000;
/** Of what it says. */
const WORDS_MAX = 64 * 1024;
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** @returns the exit code */
export function keepTerminal(socketPath: string, err: (text: string) => void): Promise<number> {
  const modes = modesOfLine();
  const child = fork(programAt('top'), [socketPath], {
    stdio: ['inherit', 'inherit', 'pipe', 'ipc'],
  });
  const watcher = modes === null || child.pid === undefined ? null : new Watcher(modes, child.pid);
  let words = '';
  let isTaken = false;
  let told: (typeof SIGNALS)[number] | null = null;
  child.stderr?.setEncoding('utf8').on('data', (piece: string) => {
    if (words.length < WORDS_MAX) words += piece;
  });
  child.on('message', (said: FromView) => {
    if (said === 'taken') isTaken = true;
    else watcher?.drawn();
  });
  // It may have ended meanwhile.
  child.on('error', (error) => {
    words += `Error: ${error.message}\n`;
  });
  for (const signal of SIGNALS) {
    process.on(signal, () => {
      told ??= signal;
      child.kill('SIGTERM');
      setTimeout(() => child.kill('SIGKILL'), END_MS).unref();
    });
  }
  return new Promise((resolve) => {
    child.on('close', (code, signal) => {
      if (isTaken) giveBack();
      watcher?.over();
      if (signal !== null && told === null) words += `Error: The view was ended by ${signal}.\n`;
      if (words !== '') err(words);
      resolve(told === null ? (code ?? 1) : 128 + constants.signals[told]);
    });
  });
}

function giveBack(): void {
  try {
    writeSync(1, GIVE_BACK);
  } catch {
    // The terminal has gone.
  }
}
