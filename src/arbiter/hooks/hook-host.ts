// Where hooks run, as arbiter/hooks/hooks.ts sees it: something that is started, told what to call, heard, and ended. One kind is
// a Python process (python-host.ts), the other a thread (script-host.ts). The arbiter's own loop runs no hook: one that
// computes for ever must not keep it from its workers.

import type { ChildEnd } from '../../child-end.ts';
import type { FromHooks, HookStart, ToHooks } from '../../wire/hooks.ts';

export interface HookEars {
  said(message: FromHooks): void;
  /** It has ended, by itself or not, or could not be started; called once, last. `how`: a clause, "ended with exit code 1". */
  ended(how: string): void;
}

export interface HookHost {
  say(message: ToHooks): void;
  /** Ends it; what hooks have started lives on, as with Gunicorn. */
  close(): void;
  /** Ends it and the commands that its hook waits for. */
  kill(): void;
}

export type StartHost = (start: HookStart, ears: HookEars) => HookHost;

/** The clause of `HookEars.ended`. */
export function endInWords({ code, signal, error }: ChildEnd): string {
  if (error !== null) return `could not be started: ${error.message}`;
  return `ended with ${signal ?? `exit code ${code}`}`;
}
