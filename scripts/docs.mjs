// Writes the pages that are made from the code (`npm run docs`): the settings, their schema, the states of a connection,
// the errors, what a program on node:http can rely on. Tests hold each page against what this would write.

import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { openApi } from '../dist/src/arbiter/control/openapi.js';
import { ROUTES } from '../dist/src/arbiter/control/routes.js';
import { workerDeadlines } from '../dist/src/arbiter/fleet/describe-deadlines.js';
import { connectionDeadlines } from '../dist/src/connection/states/describe-deadlines.js';
import { errorsPage } from '../dist/src/connection/states/describe-errors.js';
import { statesPage } from '../dist/src/connection/states/describe-states.js';
import { SERVER_CODES } from '../dist/src/observe/server-codes.js';
import { packageVersion } from '../dist/src/package-folder.js';
import { deadlinesTable } from '../dist/src/settings/describe/deadlines.js';
import { defaultSeconds } from '../dist/src/settings/describe/defaults.js';
import { fromPm2Page } from '../dist/src/settings/describe/from-pm2.js';
import { settingsPage } from '../dist/src/settings/describe/page.js';
import { settingsSchemaText } from '../dist/src/settings/describe/schema.js';
import { SETTING_ERRORS } from '../dist/src/settings/describe/setting-errors.js';
import {
  applicationDeadlines,
  askingDeadlines,
  limitDeadlines,
} from '../dist/src/worker/describe-deadlines.js';
import { nodeHttpPage } from '../dist/test/node-core/page.js';

const pages = {
  'settings.md': settingsPage(),
  'settings.schema.json': settingsSchemaText(),
  'states.md': statesPage(
    defaultSeconds,
    deadlinesTable([
      ...connectionDeadlines(),
      ...limitDeadlines(),
      ...askingDeadlines(),
      ...workerDeadlines(),
      ...applicationDeadlines(),
    ]),
  ),
  'from-pm2.md': fromPm2Page(),
  'errors.md': errorsPage(SETTING_ERRORS, SERVER_CODES),
  'node-http.md': nodeHttpPage(),
  'control.openapi.json': `${JSON.stringify(openApi(ROUTES, packageVersion()), null, 2)}\n`,
};
for (const [file, text] of Object.entries(pages)) {
  const path = fileURLToPath(new URL(`../docs/${file}`, import.meta.url));
  writeFileSync(path, text);
  process.stdout.write(`wrote ${path}\n`);
}
