// The codes of lines of the error log that are about the server itself and not about a request, by which programs know them while
// the sentences change. docs/errors.md is made from this; a test holds it against the codes that the source uses, both ways.

export const SERVER_CODES = {
  'cannot-listen': {
    meaning:
      'An address of bind cannot be had; the line says who has it, or what is wrong with it.',
    remedy: 'What the line says: end the other server, or choose another address.',
  },
  'cannot-start': {
    meaning:
      'What a start needs cannot be had: the Python, a certificate, the pid file, the hooks.',
    remedy: 'What the line says.',
  },
  'cannot-serve': {
    meaning:
      'A worker could not load the application, or not listen. The traceback follows. At the first start that is the end of the server.',
    remedy: 'Mend the application; the last line of the traceback says what it was.',
  },
  'worker-exited': {
    meaning: 'A worker ended by itself with another exit code than 0. Another one is started.',
    remedy: 'The lines before it mostly say why.',
  },
  'worker-killed': {
    meaning: 'A signal that was not ours ended a worker. Another one is started.',
    remedy: 'SIGKILL comes from the kernel where memory is short: look at its log (dmesg).',
  },
  'worker-overdue': {
    meaning:
      'A worker took longer than it may: to boot, to answer, to drain or to end. It is killed.',
    remedy: 'The line names the state and the limit.',
  },
  'reload-refused': {
    meaning: 'What a reload read anew cannot be served. Everything stays as it is.',
    remedy: 'Mend what the line names, and reload again.',
  },
  'reload-given-up': {
    meaning: 'A worker of a reload cannot serve. The old workers stay.',
    remedy: 'Mend the application, and reload again.',
  },
  'pid-file': {
    meaning: 'The pid file of a reload or an upgrade could not be written.',
    remedy: 'Make its folder writable, or choose another pidfile.',
  },
  'preload-ended': {
    meaning: 'The process that has loaded the application for all workers (preload_app) ended.',
    remedy: 'The line says how; another one is started, and workers go on.',
  },
  'log-lost': {
    meaning:
      'Lines of a log, or of syslog, cannot be written. Requests go on; another line tells when that is over and how many were lost.',
    remedy: 'Look at the disk, the pipe or the receiver that the line names.',
  },
  'metrics-lost': {
    meaning: 'Metrics for statsd cannot be sent. Requests go on.',
    remedy: 'Look at the address in statsd_host.',
  },
} as const satisfies Record<string, { readonly meaning: string; readonly remedy: string }>;

export type ServerCode = keyof typeof SERVER_CODES;

/** The facts of such a line. */
export function serverCode(code: ServerCode): { readonly code: ServerCode } {
  return { code };
}
