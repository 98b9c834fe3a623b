// Runs the real arbiter over the fake worker, as a process of its own, because it takes signals and ends with an exit
// code; scripts/bundle.mjs makes one file of it. The settings come as JSON in the first argument, the URL of the fake
// worker in the second; "check" as the third runs --check-config instead.

import { runArbiter } from '../../../src/arbiter/boot.ts';
import { checkApplication } from '../../../src/arbiter/check.ts';
import type { Settings } from '../../../src/settings/settings.ts';

const settings = JSON.parse(process.argv[2] ?? '{}') as Settings;
const workerUrl = new URL(process.argv[3] ?? '');
process.exitCode =
  process.argv[4] === 'check'
    ? await checkApplication(settings, { workerUrl })
    : await runArbiter(settings, { workerUrl });
