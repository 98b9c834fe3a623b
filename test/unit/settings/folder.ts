// For the tests of this folder: a start directory of their own with the files they need, and settings resolved from it.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';
import { type Resolved, resolveSettings, type Start } from '../../../src/settings/resolve.ts';
import { SettingError } from '../../../src/settings/setting-error.ts';

/** A new folder that holds `files`, by relative path; gone after the test. */
export function folderWith(
  t: TestContext,
  files: { readonly [path: string]: string } = {},
): string {
  const folder = mkdtempSync(join(tmpdir(), 'tunicorn-settings-'));
  t.after(() => rmSync(folder, { recursive: true }));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  return folder;
}

/** Settings from the given sources only: no variable of the machine, no file that is not in `cwd`. */
export function resolveFrom(start: Partial<Start>): Promise<Resolved> {
  return resolveSettings({ argv: [], env: {}, cwd: '/', ...start });
}

/** The SettingError that `start` ends in. */
export async function errorFrom(start: Partial<Start>): Promise<SettingError> {
  const resolved = await resolveFrom(start).catch((error: unknown) => error);
  if (resolved instanceof SettingError) return resolved;
  if (resolved instanceof Error) throw resolved;
  throw new Error(`no error: ${JSON.stringify(start)}`);
}
