// What each signal means to the arbiter. Handlers only translate: what a stop or a reload is, others know.

import type { Log } from '../observe/log.ts';

/** What the arbiter can be told to do. */
export interface Deeds {
  stop(how: 'gently' | 'at once'): void;
  reload(): void;
  more(): void;
  fewer(): void;
  reopenLogs(): void;
  upgrade(): void;
  rest(): void;
}

const deeds: { readonly [signal: string]: (to: Deeds) => void } = {
  SIGTERM: (to) => to.stop('gently'),
  SIGINT: (to) => to.stop('at once'),
  SIGQUIT: (to) => to.stop('at once'),
  SIGHUP: (to) => to.reload(),
  SIGTTIN: (to) => to.more(),
  SIGTTOU: (to) => to.fewer(),
  SIGUSR1: (to) => to.reopenLogs(),
  SIGUSR2: (to) => to.upgrade(),
  SIGWINCH: (to) => to.rest(),
};

/** A second one of these ends the server at once; of all others each one counts. */
const STOPS = new Set(['SIGTERM', 'SIGINT', 'SIGQUIT']);

/**
 * A terminal signals the whole process group and npm then passes the signal on to its child: the same signal this
 * soon after the first is the same wish, not an impatient second one.
 */
const echoMs = 100;

/** Installs the handlers; the function it returns takes them away again. `log` and who does it are asked for anew each time. */
export function listenToSignals(log: () => Log, now: () => number, to: () => Deeds): () => void {
  const handlers = new Map<NodeJS.Signals, () => void>();
  for (const [signal, deed] of Object.entries(deeds)) {
    let lastMs = -Infinity;
    handlers.set(signal as NodeJS.Signals, () => {
      const echo = STOPS.has(signal) && now() - lastMs < echoMs;
      lastMs = now();
      if (echo) return;
      // A resized terminal sends SIGWINCH all the time.
      log()[signal === 'SIGWINCH' ? 'debug' : 'info'](`Handling signal: ${shortName(signal)}`);
      deed(to());
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
