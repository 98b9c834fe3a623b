// How the scripts of this folder run other programs: in the project's root, shown as they go, or with their output
// kept to be read.

import { spawn, spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The project's folder, with a slash at its end. */
export const root = fileURLToPath(new URL('..', import.meta.url));

/** Runs a program in the root, its output shown; true when it ended with 0. */
export function run(command, args, options = {}) {
  const done = spawnSync(command, args, { cwd: root, stdio: 'inherit', ...options });
  if (done.error) console.error(`${command}: ${done.error.message}`);
  return done.status === 0;
}

/**
 * Runs a program in the root and keeps what it printed on standard output. With `echo` the output is shown while it
 * runs: tee has it, so that long test runs are seen as they go.
 */
export function runAndCapture(command, args, { env = process.env, echo = false } = {}) {
  if (!echo) {
    const done = spawnSync(command, args, { cwd: root, env, encoding: 'utf8' });
    return { ok: done.status === 0, text: done.stdout ?? '' };
  }
  const folder = mkdtempSync(join(tmpdir(), 'tunicorn-step-'));
  const copy = join(folder, 'output');
  try {
    const script = 'out=$1; shift; set -o pipefail; "$@" | tee "$out"';
    const done = spawnSync('bash', ['-c', script, 'bash', copy, command, ...args], {
      cwd: root,
      env,
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    return { ok: done.status === 0, text: readFileSync(copy, 'utf8') };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Runs a program in the root beside what comes next; resolves to how it ended and to all that it said. */
export async function runBeside(command, args) {
  const folder = mkdtempSync(join(tmpdir(), 'tunicorn-step-'));
  const copy = join(folder, 'output');
  // A file and not a pipe: nobody reads it while other steps run.
  const output = openSync(copy, 'w');
  try {
    const child = spawn(command, args, { cwd: root, stdio: ['ignore', output, output] });
    const code = await new Promise((resolve) => {
      child.once('error', (error) => resolve(error.message));
      child.once('exit', resolve);
    });
    return { ok: code === 0, text: readFileSync(copy, 'utf8') };
  } finally {
    closeSync(output);
    rmSync(folder, { recursive: true, force: true });
  }
}
