// The page's line to the server as a table of states, and how long it waits before it tries again. feed.ts acts by it; what the page says
// of the line follows from the state.

export type LinkState = 'connecting' | 'live' | 'waiting' | 'locked';

export type LinkEvent = 'opened' | 'failed' | 'token wanted' | 'token given' | 'try again';

const NEXT: Readonly<Record<LinkState, { readonly [E in LinkEvent]?: LinkState }>> = {
  connecting: { opened: 'live', failed: 'waiting', 'token wanted': 'locked' },
  live: { failed: 'waiting' },
  waiting: { 'try again': 'connecting' },
  locked: { 'token given': 'connecting' },
};

export function next(state: LinkState, event: LinkEvent): LinkState {
  const to = NEXT[state][event];
  if (to === undefined) throw new Error(`a line that is ${state} knows no "${event}"`);
  return to;
}

/** A server that starts anew is there again after a second or two; nobody watches one that is away for an hour. */
const FIRST_MS = 500;
const MOST_MS = 10_000;

/** @param failures in a row, 1 or more */
export function pauseMs(failures: number): number {
  return Math.min(FIRST_MS * 2 ** (failures - 1), MOST_MS);
}
