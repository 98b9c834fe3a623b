// Writes docs/settings.md and docs/settings.schema.json from the catalogue (`npm run docs`). A test holds both files
// against what this would write.

import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { settingsPage } from './describe/page.ts';
import { settingsSchemaText } from './describe/schema.ts';

/** From dist/src/settings/ up to the checkout. */
const docs = new URL('../../../docs/', import.meta.url);

for (const [file, text] of [
  ['settings.md', settingsPage()],
  ['settings.schema.json', settingsSchemaText()],
] as const) {
  const path = fileURLToPath(new URL(file, docs));
  writeFileSync(path, text);
  process.stdout.write(`wrote ${path}\n`);
}
