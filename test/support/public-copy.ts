// The command in a folder that every user may read: the checkout may lie where only root may look.

import { chmodSync, cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

interface Lock {
  readonly packages: Record<string, { readonly dev?: boolean; readonly optional?: boolean }>;
}

/** A folder with the bundled programs, the bridge, what they depend on, and `more` (paths below the root). The test's end removes it. */
export function publicCopy(t: TestContext, more: readonly string[]): string {
  const folder = mkdtempSync(join(tmpdir(), 'tunicorn-public-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  chmodSync(folder, 0o755);
  const lock = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as Lock;
  const needed = Object.entries(lock.packages).filter(
    ([path, { dev, optional }]) => path.startsWith('node_modules/') && !dev && !optional,
  );
  const paths = [
    'package.json',
    'dist/programs',
    'python',
    ...needed.map(([path]) => path),
    ...more,
  ];
  for (const path of paths) cpSync(join(ROOT, path), join(folder, path), { recursive: true });
  return folder;
}
