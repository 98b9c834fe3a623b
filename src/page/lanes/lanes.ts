// The way of a request as lanes: which there are, in which order, and how many connections of the last message are in each. Names are
// those of docs/states.md; the states on everybody's way are always shown, the others while a connection is in them.

import { BINS, type Lane } from '../../wire/live.ts';

interface Station {
  readonly state: string;
  /** What a connection there waits for; two or three words. */
  readonly waitsFor: string;
  readonly isAlways: boolean;
  /** When its time is over nobody has lost anything. */
  readonly isIdle?: boolean;
}

const STATIONS: readonly Station[] = [
  { state: 'proxy', waitsFor: 'PROXY header', isAlways: false },
  { state: 'handshake', waitsFor: 'TLS', isAlways: true },
  { state: 'new', waitsFor: 'first byte', isAlways: true },
  { state: 'head', waitsFor: 'rest of head', isAlways: true },
  { state: 'asking', waitsFor: 'word of limits', isAlways: false },
  { state: 'body', waitsFor: 'rest of body', isAlways: true },
  { state: 'queued', waitsFor: 'free thread', isAlways: true },
  { state: 'running', waitsFor: 'application', isAlways: true },
  { state: 'writing', waitsFor: 'client reads', isAlways: true },
  { state: 'upgraded', waitsFor: 'either side', isAlways: false },
  { state: 'keep-alive', waitsFor: 'next request', isAlways: true, isIdle: true },
  { state: 'lingering', waitsFor: 'client’s end', isAlways: false, isIdle: true },
];

/** A wait with so much of its time over is late: the last two bins. */
export const LATE_BIN = 8;

export interface Shown extends Lane {
  readonly waitsFor: string;
  /** Connections with most of their time over. */
  readonly late: number;
  /** They end as they should, and harm nobody. */
  readonly isIdle: boolean;
}

const NONE: readonly number[] = new Array<number>(BINS).fill(0);

/** One lane for each state, in the order of the way; a state that this page does not know comes last. */
export function shownLanes(lanes: readonly Lane[]): Shown[] {
  const byState = new Map(lanes.map((lane) => [lane.state, lane]));
  const stations = STATIONS.filter(({ state, isAlways }) => isAlways || byState.has(state));
  const names = new Set(STATIONS.map(({ state }) => state));
  const others = lanes
    .filter(({ state }) => !names.has(state))
    .map(({ state }) => ({ state, waitsFor: '', isAlways: false }));
  return [...stations, ...others].map((station) => shown(station, byState.get(station.state)));
}

function shown({ state, waitsFor, isIdle = false }: Station, lane: Lane | undefined): Shown {
  const { count, bins } = lane ?? { count: 0, bins: NONE };
  const late = bins.slice(LATE_BIN).reduce((all, one) => all + one, 0);
  return { state, count, bins, waitsFor, isIdle, late };
}
