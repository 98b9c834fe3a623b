// Chooses how the application's threads are run. The only place of the worker that knows both kinds.

import type { Application, ApplicationOptions } from './application.ts';
import { NodeApplication } from './node-application.ts';
import { PythonApplication } from './python-application.ts';

export function makeApplication(options: ApplicationOptions): Application {
  const { app } = options;
  return app.type === 'node'
    ? new NodeApplication(options, app)
    : new PythonApplication(options, app);
}
