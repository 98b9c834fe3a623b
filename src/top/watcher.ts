// Has the terminal back as it was when the process that keeps it is killed: a shell in a session of its own, which does nothing but read
// from a pipe of the keeper's. The kernel closes that at the very end of the keeper, before whoever has started it hears of it. The
// modes of the line are put back only where they are still the view's: a shell that goes on may have set its own by then.

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { GIVE_BACK } from './give-back.ts';

/**
 * Arguments: the modes that were, the process that draws, what the terminal is sent. One line says that the view has set its modes,
 * another that nothing is left to do. Its standard output is the terminal, which is not its own: it may set modes in the background, too.
 */
const SCRIPT = `
exec 3>&1
read -r drawn && view=$(stty -g <&3) && read -r over && exit 0
kill -KILL "$2" 2>/dev/null
[ -n "$view" ] || view=$(stty -g <&3)
[ "$view" = "$1" ] && exit 0
printf %s "$3"
[ "$(stty -g <&3)" = "$view" ] && stty "$1" <&3
`;

/** The modes of the terminal's line; null: nobody can tell. */
export function modesOfLine(): string | null {
  const { stdout } = spawnSync('stty', ['-g'], {
    stdio: ['inherit', 'pipe', 'ignore'],
    encoding: 'utf8',
  });
  return stdout?.trim() || null;
}

export class Watcher {
  readonly #shell: ChildProcess;

  /** Kills the process that draws when this one ends without a word. */
  constructor(modes: string, drawing: number) {
    const words = ['-c', SCRIPT, 'sh', modes, String(drawing), GIVE_BACK];
    this.#shell = spawn('sh', words, { stdio: ['pipe', 'inherit', 'ignore'], detached: true });
    // Where there is none, or somebody has killed it, the process that draws does what it can.
    this.#shell.on('error', () => undefined);
    this.#shell.stdin?.on('error', () => undefined);
  }

  /** The view has set its modes. */
  drawn(): void {
    this.#shell.stdin?.write('drawn\n');
  }

  /** The terminal is as it was. */
  over(): void {
    this.#shell.stdin?.end('over\n');
  }
}
