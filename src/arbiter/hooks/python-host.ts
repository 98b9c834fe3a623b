// The process that runs the hooks of a Python config file for the arbiter: python/tunicorn_bridge/arbiter_hooks.py, one
// line of JSON for each message. It dies with the arbiter, by the kernel's hand where the kernel can.

import { spawn } from 'node:child_process';
import type { Duplex } from 'node:stream';
import { bridgePath } from '../../bridge-path.ts';
import { endOf, wireOf } from '../../child-end.ts';
import { killChildTree } from '../../process-tree.ts';
import type { HookFile } from '../../settings/hooks.ts';
import type { FromHooks } from '../../wire/hooks.ts';
import { endInWords, type HookEars, type HookHost, type StartHost } from './hook-host.ts';

/** A line of the log that is longer is somebody's mistake, and must not fill our memory. */
const LINE_MAX = 1_048_576;

export function pythonHost({ python, folder }: HookFile): StartHost {
  return (start, ears) => {
    const child = spawn(python, [bridgePath('arbiter_hooks.py'), String(process.pid)], {
      cwd: folder,
      stdio: ['ignore', 'inherit', 'inherit', 'pipe'],
    });
    const wire = wireOf(child);
    let ended = false;
    const end = (how: string): void => {
      if (!ended) ears.ended(how);
      ended = true;
    };
    void endOf(child, wire).then((how) => end(endInWords(how)));
    wire?.on('error', () => undefined);
    if (wire !== null) {
      listen(wire, ears, (why) => {
        // Before it is told: whoever hears of it ends the process.
        wire.destroy();
        end(why);
      });
    }
    const host: HookHost = {
      say: (message) => void wire?.write(`${JSON.stringify(message)}\n`),
      close: () => void child.kill('SIGKILL'),
      kill: () => killChildTree(child),
    };
    host.say({ start });
    return host;
  };
}

/** `broken`: what comes cannot be followed any more; a clause. */
function listen(wire: Duplex, ears: HookEars, broken: (why: string) => void): void {
  let rest = '';
  wire.setEncoding('utf8').on('data', (piece: string) => {
    const lines = (rest + piece).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      const message = messageIn(line);
      if (message === null) {
        broken('has written to descriptor 3, which is not its own');
        return;
      }
      ears.said(message);
    }
    if (rest.length > LINE_MAX) broken(`has said a line of more than ${LINE_MAX} characters`);
  });
}

/** null when it is none. */
function messageIn(line: string): FromHooks | null {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? (value as FromHooks) : null;
  } catch {
    return null;
  }
}
