// Chooses how the application's threads are run. The only place of the worker that knows both kinds, of which it loads one: that
// is fewer modules, and fewer files that are open at once while it starts.

import type { AppSpec } from '../settings/app-spec.ts';
import type { Application, ApplicationOptions } from './application.ts';

export type MakeApplication = (options: ApplicationOptions) => Application;

export async function applicationMaker(app: AppSpec): Promise<MakeApplication> {
  if (app.type === 'node') {
    const { NodeApplication } = await import('./node-application.ts');
    return (options) => new NodeApplication(options, app);
  }
  const { PythonApplication } = await import('./python-application.ts');
  return (options) => new PythonApplication(options, app);
}
