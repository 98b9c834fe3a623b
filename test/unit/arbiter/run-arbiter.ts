// Runs the real arbiter over the fake worker, as a process of its own, because it takes signals and ends with an exit
// code. The settings come as JSON in the first argument; "check" as the second runs --check-config instead.

import { runArbiter } from '../../../src/arbiter/boot.ts';
import { checkApplication } from '../../../src/arbiter/check.ts';
import type { Settings } from '../../../src/settings/settings.ts';

const settings = JSON.parse(process.argv[2] ?? '{}') as Settings;
const workerUrl = new URL('./fake-worker.js', import.meta.url);
process.exitCode =
  process.argv[3] === 'check'
    ? await checkApplication(settings, { workerUrl })
    : await runArbiter(settings, { workerUrl });
