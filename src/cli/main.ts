#!/usr/bin/env node
// The `tunicorn` command. Gives run.ts the process it runs in, and loads the arbiter only when there is something to
// serve: --help and mistakes answer at once.

import { startFolder } from '../start-folder.ts';
import { run } from './run.ts';

process.exitCode = await run({
  argv: process.argv.slice(2),
  // As it was: a reload reads it again, and meanwhile others may have changed ours.
  env: { ...process.env },
  cwd: startFolder(process.env),
  out: (text) => process.stdout.write(text),
  err: (text) => process.stderr.write(text),
  async serve({ settings, hooks }, reread) {
    if (settings.daemon) {
      const { isDetached, startDaemon } = await import('../arbiter/daemon.ts');
      if (!isDetached(process.env)) return startDaemon(settings);
    }
    const { runArbiter } = await import('../arbiter/arbiter.ts');
    return runArbiter(settings, { reread, hooks });
  },
  async checkApplication(settings) {
    const { checkApplication } = await import('../arbiter/check.ts');
    return checkApplication(settings);
  },
  async drill(resolved, options) {
    const { drillExitCodes, runDrill } = await import('../drill/drill.ts');
    const { checkApplication } = await import('../arbiter/check.ts');
    const code = await runDrill(resolved, options, {
      out: (text) => process.stdout.write(text),
      err: (text) => process.stderr.write(text),
      checkApplication,
    });
    if (code === drillExitCodes.interrupted) process.exit(code);
    return code;
  },
});
