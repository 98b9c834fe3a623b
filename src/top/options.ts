// The words of `tunicorn top` that are its own, and its help. The rest says which server is meant.

import { takeOwnWords } from '../settings/own-words.ts';
import { SORTS } from './rows.ts';

export interface TopOptions {
  /** One picture as text, without a terminal. */
  readonly once: boolean;
}

export const TOP_FLAGS = ['--once'] as const;

export const TOP_HELP = `usage: tunicorn top [OPTIONS]

Shows a server that runs, through its control socket, once a second: requests
answered and how fast, where connections wait, what each thread runs and for how
long. It shows that also while every thread is stuck.

  --once                  One picture, as text; no terminal is needed.

Keys: up and down choose a thread, Enter shows where it is (its stack), i
interrupts what it runs and asks first, s sorts (by ${SORTS.threads.join(', ')}),
/ filters, w shows workers instead of threads, q ends. NO_COLOR is heeded.

Which server: the one of --control-socket PATH, of --pid FILE or of the config
file of -c FILE; without them the only one that runs.

Exit code: 0; 1 when there is no such server, when it has gone or where there is
no terminal, 2 for a wrong command line, 128 and the number of a signal.`;

/**
 * Takes the own words out of a command line; `rest` says which server.
 * @throws SettingError that isUsage
 */
export function takeTopWords(argv: readonly string[]): {
  own: TopOptions;
  rest: readonly string[];
} {
  const { last, rest } = takeOwnWords<(typeof TOP_FLAGS)[number]>(argv, { '--once': 'bare' });
  return { own: { once: last('--once') !== undefined }, rest };
}
