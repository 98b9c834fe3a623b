// What each signal means to the arbiter. Handlers only translate: what a stop is, the fleet knows. Signals that
// Gunicorn has and this server does not have yet are caught too, because their default would end the process.

import type { Log } from '../observe/log.ts';

export type Stop = (how: 'gently' | 'at once') => void;

const stops = { SIGTERM: 'gently', SIGINT: 'at once', SIGQUIT: 'at once' } as const;

/** Gunicorn's words for what these will do. SIGUSR1 would start Node.js's inspector, the others end the process. */
const later = {
  SIGHUP: 'reload',
  SIGUSR1: 'reopen the log files',
  SIGUSR2: 'upgrade on the fly',
  SIGTTIN: 'start one more worker',
  SIGTTOU: 'stop one worker',
  SIGWINCH: 'stop all workers',
} as const;

/**
 * A terminal signals the whole process group and npm then passes the signal on to its child: the same signal this
 * soon after the first is the same wish, not an impatient second one.
 */
const echoMs = 100;

/** Installs the handlers; the function it returns takes them away again. */
export function listenToSignals(log: Log, now: () => number, stop: Stop): () => void {
  const handlers = new Map<NodeJS.Signals, () => void>();
  for (const [signal, how] of entries(stops)) {
    let lastMs = -Infinity;
    handlers.set(signal, () => {
      const echo = now() - lastMs < echoMs;
      lastMs = now();
      if (echo) return;
      log.info(`Handling signal: ${shortName(signal)}`);
      stop(how);
    });
  }
  for (const [signal, deed] of entries(later)) {
    handlers.set(signal, () => {
      // A resized terminal sends SIGWINCH all the time; Gunicorn too ignores it outside of daemon mode.
      const level = signal === 'SIGWINCH' ? 'debug' : 'warning';
      log[level](`Ignoring signal: ${shortName(signal)} (${deed}) is not supported yet.`);
    });
  }
  // A log that reaches the limit for the size of a file is an error of the write, and no reason to die.
  handlers.set('SIGXFSZ', () => {});
  for (const [signal, handler] of handlers) process.on(signal, handler);
  return () => {
    for (const [signal, handler] of handlers) process.off(signal, handler);
  };
}

/** "term" for SIGTERM, as Gunicorn's log has it. */
function shortName(signal: string): string {
  return signal.slice('SIG'.length).toLowerCase();
}

function entries<K extends string, V>(table: { readonly [P in K]: V }): [K, V][] {
  return Object.entries(table) as [K, V][];
}
