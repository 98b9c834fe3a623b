// Chooses how the application's threads are run. The only place of the worker that knows both kinds, of which it loads one: that
// is fewer modules, and fewer files that are open at once while it starts.

import type { AppSpec } from '../../settings/app-spec.ts';
import type { Application, ApplicationOptions } from './application.ts';

export interface ApplicationMaker {
  /** Descriptors that a thread or a process takes while it is started in the place of another. */
  readonly forReplacing: number;
  make(options: ApplicationOptions): Application;
}

export async function applicationMaker(app: AppSpec, threads: number): Promise<ApplicationMaker> {
  if (app.type === 'node') {
    const { NodeApplication } = await import('./node-application.ts');
    // A Node.js thread has four of its own.
    return { forReplacing: 12, make: (options) => new NodeApplication(options, app) };
  }
  const { PythonApplication } = await import('./python-application.ts');
  const { descriptorsToStart } = await import('../../threads/python/spawn.ts');
  return {
    forReplacing: descriptorsToStart(threads),
    make: (options) => new PythonApplication(options, app),
  };
}
