// The process that runs the hooks of a Python config file for the arbiter: python/tunicorn_bridge/arbiter_hooks.py, one
// line of JSON for each message. It dies with the arbiter, by the kernel's hand where the kernel can.

import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import type { Duplex } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { killTree } from '../../process-tree.ts';
import type { HookFile } from '../../settings/hooks.ts';
import type { FromHooks } from '../../wire/hooks.ts';
import type { HookEars, HookHost, StartHost } from './hook-host.ts';

/** A line of the log that is longer is somebody's mistake, and must not fill our memory. */
const LINE_MAX = 1_048_576;

export function pythonHost({ python, folder }: HookFile): StartHost {
  return (start, ears) => {
    const child = spawn(python, [scriptPath(), String(process.pid)], {
      cwd: folder,
      stdio: ['ignore', 'inherit', 'inherit', 'pipe'],
    });
    const wire = child.stdio?.[3] as Duplex | null | undefined;
    let ended = false;
    const end = (how: string): void => {
      if (ended) return;
      ended = true;
      wire?.destroy();
      ears.ended(how);
    };
    child.on('error', (error) => end(`could not be started: ${error.message}`));
    // Not `exit`: what it said last is heard before.
    child.on('close', (code, signal) => end(`ended with ${signal ?? `exit code ${code}`}`));
    wire?.on('error', () => undefined);
    if (wire) listen(wire, ears, () => child.kill('SIGKILL'));
    const host: HookHost = {
      say: (message) => void wire?.write(`${JSON.stringify(message)}\n`),
      close: () => void child.kill('SIGKILL'),
      kill: () => {
        // A pid that was reaped may be somebody else's by now.
        if (child.exitCode === null && child.signalCode === null && child.pid !== undefined)
          killTree(child.pid);
      },
    };
    host.say({ start });
    return host;
  };
}

function listen(wire: Duplex, ears: HookEars, broken: () => void): void {
  let rest = '';
  wire.setEncoding('utf8').on('data', (piece: string) => {
    const lines = (rest + piece).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) ears.said(JSON.parse(line) as FromHooks);
    if (rest.length > LINE_MAX) broken();
  });
}

/** Beside the compiled tree (dist/src/arbiter/hooks), or beside the sources. */
function scriptPath(): string {
  const places = ['../../../../', '../../../'].map((up) =>
    fileURLToPath(new URL(`${up}python/tunicorn_bridge/arbiter_hooks.py`, import.meta.url)),
  );
  const found = places.find((path) => existsSync(path));
  if (found === undefined) {
    throw new Error(`arbiter_hooks.py is missing: looked for ${places.join(' and ')}`);
  }
  return found;
}
