// What becomes of what the threads of a Node.js application print. Left to itself, Node.js writes it to the standard streams
// of the process and keeps in memory, without a bound, what nobody reads.

import type { ErrorLog } from '../../observe/log.ts';
import { PassedOutput } from '../../observe/passed-output.ts';
import { capturesOutput } from '../../settings/error-log.ts';
import type { Settings } from '../../settings/settings.ts';
import type { NodeThreadOptions } from '../../threads/node/host/options.ts';

/** With `capture_output` it is lines of the error log. To be asked once for all threads of a worker. */
export function threadOutput(
  settings: Settings,
  log: ErrorLog,
): Pick<NodeThreadOptions, 'print' | 'pass'> {
  if (capturesOutput(settings)) {
    return { print: (stream, lines) => log.printed(process.pid, stream, lines) };
  }
  const outputs = {
    stdout: new PassedOutput(process.stdout, 'the standard output'),
    stderr: new PassedOutput(process.stderr, 'the standard error'),
  };
  for (const { losses } of Object.values(outputs)) {
    losses.onTrouble = (message) => log.error(`${message}. Requests go on.`);
    losses.onRecovered = (message) => log.warning(`${message}.`);
  }
  return { pass: (stream, bytes) => outputs[stream].pass(bytes) };
}
