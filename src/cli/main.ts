#!/usr/bin/env node
// The `tunicorn` command. Gives run.ts the process it runs in, and loads the arbiter only when there is something to
// serve: --help and mistakes answer at once.

import { startFolder } from '../start-folder.ts';

// By default it opens the inspector of Node.js to all users of the machine. Before anything else is loaded.
process.on('SIGUSR1', () => undefined);
const { run } = await import('./run.ts');

/** The last lines of the log are read within this time, or never will be. */
const LAST_WRITES_MS = 2_000;

process.exitCode = await run({
  argv: process.argv.slice(2),
  // As it was: a reload reads it again, and meanwhile others may have changed ours.
  env: { ...process.env },
  cwd: startFolder(process.env),
  out: (text) => process.stdout.write(text),
  err: (text) => process.stderr.write(text),
  async serve({ settings, sources, hooks }, reread) {
    if (settings.daemon) {
      const { isDetached, startDaemon } = await import('../arbiter/service/daemon.ts');
      if (!isDetached(process.env)) return startDaemon(settings);
    }
    const { runArbiter } = await import('../arbiter/boot.ts');
    const code = await runArbiter(settings, { reread, sources, hooks });
    leaveWithin(LAST_WRITES_MS);
    return code;
  },
  async checkApplication(settings, sources) {
    const { checkApplication } = await import('../arbiter/check.ts');
    return checkApplication(settings, { sources });
  },
  async drill(resolved, options) {
    const { drillExitCodes, runDrill } = await import('../drill/drill.ts');
    const { checkApplication } = await import('../arbiter/check.ts');
    const code = await runDrill(resolved, options, {
      out: (text) => process.stdout.write(text),
      err: (text) => process.stderr.write(text),
      checkApplication: (settings, sources) => checkApplication(settings, { sources }),
    });
    if (code === drillExitCodes.interrupted) process.exit(code);
    return code;
  },
  async ctl({ settings }, options) {
    const { runCtl } = await import('../ctl/ctl.ts');
    return runCtl(settings, options, {
      env: process.env,
      uid: process.getuid?.() ?? -1,
      out: (text) => process.stdout.write(text),
      err: (text) => process.stderr.write(text),
    });
  },
  async top({ settings }, options) {
    const { runTop } = await import('../top/top.ts');
    return runTop(settings, options, {
      env: process.env,
      uid: process.getuid?.() ?? -1,
      hasTerminal: process.stdin.isTTY === true && process.stdout.isTTY === true,
      width: process.stdout.columns ?? null,
      out: (text) => process.stdout.write(text),
      err: (text) => process.stderr.write(text),
    });
  },
  async explain(resolved, { question, json }) {
    const { explain } = await import('../explain/explain.ts');
    const { reportJson, reportText } = await import('../explain/report.ts');
    const explanation = explain(resolved, question);
    return json ? reportJson(explanation) : reportText(explanation);
  },
});

/**
 * Everything of ours has ended but a write to a log that nobody reads: a thread of Node.js's is in it, and `exit` would wait for
 * that. SIGTERM, which nobody listens to any more, ends it as a supervisor expects. What else is left was begun by a config file in
 * JavaScript, which ran in this process: a timer, a connection.
 */
function leaveWithin(ms: number): void {
  setTimeout(() => {
    const isInThread = (kind: string): boolean => /^(FSReq|GetAddrInfo|GetNameInfo)/.test(kind);
    if (process.getActiveResourcesInfo().some(isInThread)) process.kill(process.pid, 'SIGTERM');
    else process.exit();
  }, ms).unref();
}
