// What an operator sees of one connection: the state that it is in, what ends the wait, and the request that it has under way.

import type { AppThread, Peer, RequestHead } from '../../threads/app-thread.ts';
import type { StateName } from './state-names.ts';
import { type DeadlineSetting, OWING, type Owing, READING, type Reading } from './states.ts';

/** The part of a connection that can be looked at. */
export interface Visible {
  readonly peer: Peer;
  /** Monotonic ms of the accept. */
  readonly openedMs: number;
  /** `name`: null when it is closing. */
  readonly state: {
    readonly name: StateName | null;
    readonly reading: Reading;
    readonly owing: Owing;
  };
  readonly deadlines: {
    readonly next: NextDeadline | null;
    /** The part of its time that is over at a time of the wheel, 0 to 1; null: it has none. */
    usedAt(nowMs: number): number | null;
  };
  readonly exchange: VisibleExchange | null;
}

export interface NextDeadline {
  /** null: a moment that no setting has, such as the rest of a time that was shortened. */
  readonly setting: DeadlineSetting | null;
  readonly inMs: number;
}

interface VisibleExchange {
  readonly head: RequestHead;
  readonly peer: Peer;
  /** Monotonic ms. */
  readonly beganMs: number;
  /** ms of the wheel; 0: the application has not begun it. */
  readonly startedMs: number;
  readonly thread: AppThread | null;
}

/** By the name that logs use. */
export function stateOf({ state }: Pick<Visible, 'state'>): string {
  return state.name ?? 'closing';
}

/** One phrase; empty when it is closing. The half that owes says more than the one that reads. */
export function waitsFor({ state: { reading, owing } }: Visible): string {
  if (reading === 'closed') return '';
  return owing === 'nothing' ? READING[reading].waitsFor : OWING[owing].waitsFor;
}
