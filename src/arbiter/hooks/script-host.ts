// The process that runs the hooks of a config file in TypeScript or JavaScript for the arbiter. A process and no thread of
// the arbiter, because a command that a hook waits for (execSync) holds its thread whatever is done, and would hold up the
// arbiter's own end. Its main thread watches and its other thread runs the hooks (script-thread.ts), so that it also
// ends when the arbiter is killed while a hook computes for ever.

import { fork } from 'node:child_process';
import { endOf } from '../../child-end.ts';
import { programAt } from '../../package-folder.ts';
import { killChildTree } from '../../process-tree.ts';
import type { HookFile } from '../../settings/hooks.ts';
import type { FromHooks } from '../../wire/hooks.ts';
import { endInWords, type HookHost, type StartHost } from './hook-host.ts';

const MAIN = programAt('hooks');

export function scriptHost({ folder }: HookFile): StartHost {
  return (start, ears) => {
    const child = fork(MAIN, [], {
      cwd: folder,
      // Flags of the arbiter's own node are not meant for it.
      execArgv: [],
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    child.on('message', (message) => ears.said(message as FromHooks));
    void endOf(child, null).then((end) => ears.ended(endInWords(end)));
    const host: HookHost = {
      say: (message) => {
        // The callback takes the error of a channel that has closed; the end that follows tells what matters.
        if (child.connected) child.send(message, undefined, undefined, () => undefined);
      },
      close: () => void child.kill('SIGKILL'),
      kill: () => killChildTree(child),
    };
    host.say({ start });
    return host;
  };
}
