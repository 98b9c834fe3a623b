// Whether somebody's terminal window can signal this process: the kernel sends SIGWINCH to whoever has a controlling
// terminal each time its window changes its size, which nobody means as "stop all workers".

import { closeSync, constants, openSync } from 'node:fs';

export function hasTerminal(): boolean {
  try {
    closeSync(openSync('/dev/tty', constants.O_RDONLY | constants.O_NOCTTY));
    return true;
  } catch {
    return false;
  }
}
