// `tunicorn top`: one picture as text, or pictures on the terminal until somebody has seen enough.

import { type Asker, socketOf } from '../ctl/client.ts';
import { messageOf } from '../message-of.ts';
import type { Settings } from '../settings/settings.ts';
import type { TopOptions } from './options.ts';

/** Without a window. */
const WIDTH = 80;

export interface TopWorld extends Asker {
  /** Both the standard input and the standard output are a terminal. */
  readonly hasTerminal: boolean;
  /** Of the window; null: there is none. */
  readonly width: number | null;
  out(text: string): void;
  err(text: string): void;
}

/** @returns the exit code */
export async function runTop(
  settings: Settings,
  { once }: TopOptions,
  world: TopWorld,
): Promise<number> {
  try {
    if (!once) checkTerminal(world);
    const socketPath = socketOf(settings, world);
    if (!once) {
      const { keepTerminal } = await import('./keeper.ts');
      return await keepTerminal(socketPath, world.err);
    }
    const { survey } = await import('./survey.ts');
    const { wholePicture } = await import('./picture.ts');
    const { BEGINNING } = await import('./view.ts');
    world.out(wholePicture(await survey(socketPath), BEGINNING, widthOf(world)));
    return 0;
  } catch (error) {
    world.err(`Error: ${messageOf(error)}\n`);
    return 1;
  }
}

function checkTerminal({ hasTerminal, env }: TopWorld): void {
  const instead = '`tunicorn top --once` prints one picture as text.';
  if (!hasTerminal) {
    throw new Error(`Input and output must be a terminal, and one of them is none. ${instead}`);
  }
  const { TERM = '' } = env;
  if (!['', 'dumb', 'unknown'].includes(TERM)) return;
  const what = TERM === '' ? 'TERM is not set' : `TERM is ${TERM}`;
  throw new Error(`${what}: nothing can be drawn on such a terminal. ${instead}`);
}

function widthOf({ width, env }: TopWorld): number {
  const wished = Number(env['COLUMNS']);
  return width ?? (Number.isInteger(wished) && wished > 0 ? wished : WIDTH);
}
