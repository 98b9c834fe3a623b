// Without threads (`threads` 0) the application runs in the very process, on the very loop, that serves its clients: what ends
// the one ends the other. Here that is told in the error log, and what belongs to the server alone is put out of its reach.

import { inspect } from 'node:util';
import type { Log } from '../../observe/log.ts';
import { killDescendants } from '../../process-tree.ts';
import { exitNow, isExiting } from '../ending.ts';

/** To be called before the application is loaded. `underWay`: as a worker's. */
export function shareLoop(log: Log, underWay: () => string): void {
  const ran = (): string => (underWay() === '' ? '' : `, ${underWay()}`);
  // The channel to the arbiter: an application with a `process.send` takes its parent for one that listens to it.
  for (const name of ['send', 'disconnect']) Reflect.deleteProperty(process, name);
  // Before any listener of the application, which may catch it as anywhere.
  process.on('uncaughtExceptionMonitor', (error: unknown) => {
    const isCaught =
      process.listenerCount('uncaughtException') > 0 ||
      process.hasUncaughtExceptionCaptureCallback();
    if (isCaught || isExiting()) return;
    log.critical(`The application let an error go that nobody caught${ran()}.\n${inspect(error)}`, {
      code: 'app-ended',
    });
    killDescendants();
    exitNow(1);
  });
  process.on('exit', (exitCode) => {
    if (isExiting()) return;
    log.critical(`The application called process.exit(${exitCode})${ran()}.`, {
      code: 'app-ended',
    });
  });
}
