// The process that draws. It is started by keeper.ts, which gives the terminal back whatever becomes of this one; should that be killed,
// this one gives it back itself. One picture a second; a server that does not answer for some seconds has gone.

import { writeSync } from 'node:fs';
import { monotonicMs } from '../clock.ts';
import { messageOf } from '../message-of.ts';
import { GIVE_BACK } from './give-back.ts';
import type { FromView } from './keeper.ts';
import { picture } from './picture.ts';
import { hasColour, Screen } from './screen.ts';
import type { Seen } from './seen.ts';
import { interrupt, stackOf, survey } from './survey.ts';
import { BEGINNING, type Deed, press, type View } from './view.ts';

const PICTURE_MS = 1000;
/** It may be on its way to another place, by a reload, or stopped for a moment. */
const GONE_MS = 3000;

/** A watcher is much faster, on a busy machine as well. */
const UNWATCHED_MS = 500;

const [socketPath = ''] = process.argv.slice(2);

// Whoever started us has been killed, and its watcher kills us next. This is where there is none.
process.on('disconnect', () => {
  setTimeout(() => {
    writeSync(1, GIVE_BACK);
    process.exit(1);
  }, UNWATCHED_MS);
});

let seen: Seen;
let view: View = BEGINNING;
let screen: Screen | null = null;
/** When the server answered last. */
let answeredAtMs = 0;
let asking = false;

try {
  seen = await survey(socketPath);
  answeredAtMs = monotonicMs();
  tell('taken');
  screen = new Screen(hasColour(process.env), { key: pressed, resized: draw });
  tell('drawn');
  draw();
  setInterval(() => void look(), PICTURE_MS);
} catch (error) {
  fail(error);
}

async function look(): Promise<void> {
  if (asking) return;
  asking = true;
  try {
    seen = await survey(socketPath);
    answeredAtMs = monotonicMs();
  } catch (error) {
    const silentMs = monotonicMs() - answeredAtMs;
    if (silentMs >= GONE_MS) fail(error);
    view = { ...view, note: `No answer for ${(silentMs / 1000).toFixed(0)} s.` };
  }
  asking = false;
  draw();
}

function draw(): void {
  if (screen !== null) screen.draw(picture(seen, view, screen.size));
}

function pressed(key: string): void {
  const turn = press(view, key, seen);
  view = turn.view;
  draw();
  if (turn.deed !== null) void perform(turn.deed);
}

async function perform(deed: Deed): Promise<void> {
  if (deed.kind === 'leave') process.exit(0);
  try {
    if (deed.kind === 'stack') {
      const stack = await stackOf(socketPath, deed.thread);
      if (view.mode === 'stack' && view.thread === deed.thread) view = { ...view, stack };
    } else view = { ...view, note: await interrupt(socketPath, deed.thread) };
  } catch (error) {
    const mode = view.mode === 'stack' ? 'table' : view.mode;
    view = { ...view, mode, note: messageOf(error) };
  }
  await look();
}

function tell(said: FromView): void {
  process.send?.(said);
}

function fail(error: unknown): never {
  process.stderr.write(`Error: ${messageOf(error)}\n`);
  process.exit(1);
}
