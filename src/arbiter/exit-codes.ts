// The exit codes of the server, Gunicorn's, and the sentence the log ends with for each. Supervisors and deploy
// scripts read them: they are part of the interface.

export const exitCodes = {
  /** Stopped by TERM, INT or QUIT; a check that passed. */
  ok: 0,
  /** A setting, the Python executable or a listening socket is wrong; a check that failed. */
  badStart: 1,
  /** No worker ever became ready: it ended, or took longer than boot_timeout, before the application was loaded. */
  workerBoot: 3,
  /** No worker ever became ready: the application object was not found or cannot be called. */
  appLoad: 4,
} as const;

/** The `Reason:` line of the log. */
export function reasonFor(exitCode: number): string {
  if (exitCode === exitCodes.appLoad) return 'App failed to load.';
  if (exitCode === exitCodes.badStart) return 'A worker could not listen.';
  return 'Worker failed to boot.';
}

/** The exit code for a worker that ended with `code` before it was ready: what Gunicorn's halt does with 3 and 4. */
export function exitCodeForBoot(code: number | null): number {
  return code === exitCodes.appLoad || code === exitCodes.badStart ? code : exitCodes.workerBoot;
}
