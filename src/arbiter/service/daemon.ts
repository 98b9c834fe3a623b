// --daemon: the command starts itself anew in a session of its own, waits until that serves, and leaves. Whatever is wrong at the
// boot is told here, where somebody reads it, and ends the command with the exit code that it would have had; Gunicorn's
// daemon dies in silence. Both sides of that are here: the command that waits, and what the daemon says to it.

import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process';
import { isatty } from 'node:tty';
import { endOf } from '../../child-end.ts';
import { messageOf } from '../../message-of.ts';
import type { ErrorLog } from '../../observe/log.ts';
import { parseBind } from '../../settings/bind.ts';
import type { Settings } from '../../settings/settings.ts';
import { exitCodes } from '../exit-codes.ts';
import { passedSocket } from '../sockets/passed-socket.ts';
import { isHeir } from './inheritance.ts';

/** Holds the pid of the command that waits. */
const VARIABLE = 'TUNICORN_DAEMON';

/** What Gunicorn's daemon has. */
const UMASK = 0o022;

type Report =
  | { readonly kind: 'line'; readonly level: 'Warning' | 'Error'; readonly text: string }
  | { readonly kind: 'ready' };

/** Whether this process is the daemon itself, or the next arbiter of one. */
export function isDetached(env: NodeJS.ProcessEnv): boolean {
  return env[VARIABLE] === String(process.ppid) || isHeir(env);
}

/** Starts the daemon. Resolves with the exit code once it serves, or has ended. */
export async function startDaemon(settings: Settings): Promise<number> {
  const trouble = socketTrouble(settings);
  if (trouble !== null) {
    say('Error', trouble);
    return exitCodes.badStart;
  }
  const fate = whereOutputGoes(settings);
  for (const warning of warningsFor(settings, fate.keepsErrors)) say('Warning', warning);
  const env: NodeJS.ProcessEnv = { ...process.env, [VARIABLE]: String(process.pid) };
  delete env['NOTIFY_SOCKET'];
  const child = spawn(process.execPath, [...process.execArgv, ...process.argv.slice(1)], {
    detached: true,
    env,
    stdio: fate.stdio,
  });
  return outcomeOf(child, fate.keepsErrors);
}

/** Those that go along, which a number alone does not open. */
function passedFds(settings: Settings): number[] {
  const addresses = settings.bind.map(parseBind);
  return addresses.flatMap((each) => (each.kind === 'fd' && each.fd >= 3 ? [each.fd] : []));
}

/** Looked at before they are handed on: the daemon would be given something else, or could not be started at all. null: all are well. */
function socketTrouble(settings: Settings): string | null {
  try {
    for (const fd of passedFds(settings)) passedSocket(fd);
    return null;
  } catch (error) {
    return messageOf(error);
  }
}

/**
 * As Gunicorn: nothing is kept, unless `enable_stdio_inheritance`; then whatever is no terminal. Sockets that are to be listened on go
 * along under their numbers.
 */
function whereOutputGoes(settings: Settings): { stdio: StdioOptions; keepsErrors: boolean } {
  const kept = (fd: 1 | 2): boolean => settings.enable_stdio_inheritance && !isatty(fd);
  const stdio: ('ignore' | 'inherit' | 'ipc' | number)[] = ['ignore'];
  stdio.push(kept(1) ? 'inherit' : 'ignore', kept(2) ? 'inherit' : 'ignore');
  for (const fd of passedFds(settings)) {
    while (stdio.length <= fd) stdio.push('ignore');
    stdio[fd] = fd;
  }
  stdio.push('ipc');
  return { stdio, keepsErrors: kept(2) };
}

function warningsFor(settings: Settings, keepsErrors: boolean): string[] {
  const warnings: string[] = [];
  if (process.env['NOTIFY_SOCKET'] !== undefined) {
    warnings.push('systemd keeps a server in the background by itself: leave --daemon out there.');
  }
  if (settings.errorlog === '-' && !settings.syslog && !keepsErrors) {
    warnings.push(
      'Once it serves, the error log of a daemon goes nowhere: name a file with --error-logfile, or use --log-syslog.',
    );
  }
  return warnings;
}

/** @param isSilent what it says stands on standard error already */
function outcomeOf(child: ChildProcess, isSilent: boolean): Promise<number> {
  return new Promise((resolve) => {
    let told = isSilent;
    const signals: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];
    const finish = (code: number): void => {
      for (const signal of signals) process.off(signal, stopFor);
      resolve(code);
    };
    // Whoever gives up waiting wants no daemon.
    const stopFor = (): void => void child.kill('SIGINT');
    for (const signal of signals) process.on(signal, stopFor);
    child.on('message', (report: Report) => {
      if (report.kind === 'ready') {
        child.disconnect();
        child.unref();
        finish(exitCodes.ok);
      } else if (!isSilent) {
        told ||= report.level === 'Error';
        say(report.level, report.text);
      }
    });
    void endOf(child, 'channel').then(({ code, signal, error }) => {
      if (error !== null) say('Error', `The daemon could not be started: ${error.message}.`);
      else if (!told)
        say('Error', `The daemon ended before it served (${signal ?? `exit code ${code}`}).`);
      finish(code === null || code === exitCodes.ok ? exitCodes.badStart : code);
    });
  });
}

function say(level: 'Warning' | 'Error', text: string): void {
  process.stderr.write(`${level}: ${text}\n`);
}

/** Where a daemon says how its boot goes, until it serves. */
export interface Waiting {
  /** The same log; its warnings and errors are told, too. */
  listenTo(log: ErrorLog): ErrorLog;
  error(text: string): void;
  /** It serves: nobody waits any more. Harmless when said again. */
  ready(): void;
}

/** null when nobody waits for this process. The variable is gone after that. */
export function takeWaiting(env: NodeJS.ProcessEnv): Waiting | null {
  const parent = env[VARIABLE];
  delete env[VARIABLE];
  if (parent !== String(process.ppid) || process.send === undefined) return null;
  process.umask(UMASK);
  // The command may have been killed meanwhile: the daemon goes on.
  const tell = (report: Report): void => {
    if (process.connected) process.send?.(report, undefined, undefined, () => undefined);
  };
  const error = (text: string): void => tell({ kind: 'line', level: 'Error', text });
  return {
    error,
    listenTo: (log) => ({
      ...boundTo(log),
      warning(message, facts) {
        log.warning(message, facts);
        tell({ kind: 'line', level: 'Warning', text: message });
      },
      error(message, facts) {
        log.error(message, facts);
        error(message);
      },
      critical(message, facts) {
        log.critical(message, facts);
        error(message);
      },
    }),
    ready: () => tell({ kind: 'ready' }),
  };
}

function boundTo(log: ErrorLog): ErrorLog {
  return {
    statsd: log.statsd,
    printed: (pid, stream, lines) => log.printed(pid, stream, lines),
    debug: (message, facts) => log.debug(message, facts),
    info: (message, facts) => log.info(message, facts),
    warning: (message, facts) => log.warning(message, facts),
    error: (message, facts) => log.error(message, facts),
    critical: (message, facts) => log.critical(message, facts),
    writes: (level) => log.writes(level),
    child: (facts) => log.child(facts),
    reopen: () => log.reopen(),
    flush: () => log.flush(),
    close: () => log.close(),
  };
}
