// The process of script-host.ts, its main thread: carries messages between the arbiter and the thread that runs the hooks,
// and ends at once when the arbiter has gone, whatever that thread does.

import { Worker } from 'node:worker_threads';
import { programAt } from '../../package-folder.ts';
import type { FromHooks, ToHooks } from '../../wire/hooks.ts';

let chdir = process.cwd();
const thread = new Worker(programAt('hooks-thread'), { name: 'hooks' });

function say(message: FromHooks): void {
  if (process.connected) process.send?.(message, undefined, undefined, () => undefined);
}

process.on('message', (message) => {
  const told = message as ToHooks;
  if ('start' in told) chdir = told.start.chdir;
  thread.postMessage(told);
});
process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));
// Ctrl-C and a closed terminal reach the whole process group: the arbiter decides.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGUSR1', 'SIGUSR2', 'SIGQUIT'] as const) {
  process.on(signal, () => {});
}
thread.on('message', (message: FromHooks) => {
  // A thread cannot do that itself. The file was evaluated where the command was given; hooks run where the server does.
  if ('ready' in message) process.chdir(chdir);
  say(message);
});
thread.on('error', (error: unknown) => {
  const { message, stack = '' } = error instanceof Error ? error : new Error(String(error));
  process.stderr.write(`A hook failed behind its back: ${message}\n${stack}\n`);
});
thread.on('exit', (code) => process.exit(code === 0 ? 1 : code));
