// What the log is to show of a process whose interpreter does not answer: of all stacks that faulthandler wrote, the one of
// the thread that is asked about, or, where that has not begun, those of the threads that may hold the lock.

import type { Ledger } from './ledger.ts';

const SECTIONS = /\n\n(?=(?:Current thread|Thread) 0x)/;
const BRIDGE = /tunicorn_bridge/;

/** @param request number of the request that the thread was given */
export function heldStack(
  dump: string,
  ledger: Ledger | null,
  thread: number,
  request: number,
): string {
  const sections = dump.split(SECTIONS);
  const name = ledger?.nameInDump(thread) ?? null;
  const own =
    name === null ? undefined : sections.find((section) => headOf(section).includes(name));
  if (own === undefined) return dump;
  const begun = ledger?.begun(thread) ?? request;
  if (begun >= request) return withoutBridge(own);
  const others = sections.filter((section) => section !== own && runsApplication(section));
  return ['The interpreter had not begun it. Meanwhile:', ...others.map(withoutBridge)].join('\n');
}

/** Where the main thread is while it loads the application: without our calls and those of the import itself. */
export function loadingStack(dump: string): string {
  const main = dump.split(SECTIONS).at(-1) ?? '';
  return withoutBridge(main)
    .split('\n')
    .slice(1)
    .filter((frame) => !frame.includes('<frozen importlib'))
    .join('\n');
}

/** Of all stacks as the bridge tells them (stacks.py), that of one thread; all of them where it is not found. */
export function stackIn(stacks: string, thread: number): string | null {
  const name = `tunicorn-thread-${thread}\n`;
  const own = stacks.split(/^(?=\S)/m).find((section) => section.startsWith(name));
  return (own?.slice(name.length) ?? stacks).trimEnd() || null;
}

function headOf(section: string): string {
  return section.split('\n', 1)[0] ?? '';
}

function framesOf(section: string): string[] {
  return section.split('\n').slice(1);
}

/** Its innermost call, which comes first, is none of ours. */
function runsApplication(section: string): boolean {
  return !BRIDGE.test(framesOf(section)[0] ?? '');
}

/** From the innermost call to the last one of the application. */
function withoutBridge(section: string): string {
  const frames = framesOf(section);
  const end = frames.findIndex((frame) => BRIDGE.test(frame));
  return [headOf(section), ...(end > 0 ? frames.slice(0, end) : frames)].join('\n').trimEnd();
}
