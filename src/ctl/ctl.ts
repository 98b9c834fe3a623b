// `tunicorn ctl`: asks a server that runs, and shows the answer.

import { messageOf } from '../message-of.ts';
import type { Settings } from '../settings/settings.ts';
import { type Asker, answerTo, socketOf } from './client.ts';
import type { CtlOptions } from './options.ts';

export interface CtlWorld extends Asker {
  out(text: string): void;
  err(text: string): void;
}

/** @returns the exit code */
export async function runCtl(
  settings: Settings,
  { command, request, json }: CtlOptions,
  world: CtlWorld,
): Promise<number> {
  try {
    const { answer, text } = await answerTo(socketOf(settings, world), request);
    world.out(json ? text : command.shown(answer));
    return 0;
  } catch (error) {
    world.err(`Error: ${messageOf(error)}\n`);
    return 1;
  }
}
