// Where all connections of this worker are, for somebody who watches once a second: how many are in each state, how near they are
// to the end of their time, and what each thread runs. One walk over them, which costs a fraction of a microsecond for each.

import type { OpenConnection } from '../../connection/effects.ts';
import { stateOf } from '../../connection/states/look.ts';
import type { AppThread } from '../../threads/app-thread.ts';
import type { Answer } from '../../wire/control.ts';
import { BINS, type LiveRequest, THREAD_REQUESTS_MAX } from '../../wire/live.ts';
import type { RequestLook } from '../../wire/look.ts';

type LanesLook = Omit<Extract<Answer, { about: 'lanes' }>, 'about'>;
type Exchange = NonNullable<OpenConnection['exchange']>;

/** A path may be as long as limit_request_line says. */
const PATH_MAX = 200;

interface Seen {
  count: number;
  readonly bins: number[];
}

/** A connection whose thread has its request. */
interface Run {
  readonly connection: OpenConnection;
  readonly exchange: Exchange;
}

export interface LanesParts {
  readonly connections: { readonly all: Iterable<OpenConnection> };
  readonly dispatcher: { readonly threads: readonly AppThread[] };
  readonly context: { readonly wheel: { readonly nowMs: number } };
  look(exchange: Exchange): RequestLook;
}

export class Lanes {
  readonly #parts: LanesParts;
  readonly #prefix: string;
  readonly #ids = new WeakMap<OpenConnection, string>();
  #last = 0;

  /** @param prefix no other worker gives its connections names that begin so */
  constructor(prefix: string, parts: LanesParts) {
    this.#prefix = prefix;
    this.#parts = parts;
  }

  look(marks: number): LanesLook {
    const { nowMs } = this.#parts.context.wheel;
    const lanes = new Map<string, Seen>();
    const runs = new Map<AppThread, Run[]>();
    const all: OpenConnection[] = [];
    for (const connection of this.#parts.connections.all) {
      count(lanes, connection, nowMs);
      // One more than may be told says as much as all of them.
      if (all.length <= marks) all.push(connection);
      const { exchange } = connection;
      if (exchange?.thread != null) keepOldest(runs, exchange.thread, { connection, exchange });
    }
    return {
      lanes: [...lanes].map(([state, seen]) => ({ state, ...seen })),
      marks: all.length > marks ? null : all.map((connection) => this.#mark(connection, nowMs)),
      threads: this.#parts.dispatcher.threads.map((thread) => ({
        name: thread.name,
        state: thread.state,
        load: thread.load,
        places: thread.places,
        requests: (runs.get(thread) ?? []).map((run) => this.#request(run, nowMs)),
      })),
    };
  }

  #mark(
    connection: OpenConnection,
    nowMs: number,
  ): { id: string; state: string; used: number | null } {
    let id = this.#ids.get(connection);
    if (id === undefined) {
      this.#last += 1;
      id = `${this.#prefix}.${this.#last}`;
      this.#ids.set(connection, id);
    }
    const used = connection.deadlines.usedAt(nowMs);
    return { id, state: stateOf(connection), used: used === null ? null : rounded(used) };
  }

  #request({ connection: { deadlines }, exchange }: Run, nowMs: number): LiveRequest {
    const look = this.#parts.look(exchange);
    const { next } = deadlines;
    const used = deadlines.usedAt(nowMs);
    const has = next !== null && next.setting !== null;
    return {
      ...look,
      path: look.path.slice(0, PATH_MAX),
      deadline: has
        ? { setting: String(next.setting), inMs: next.inMs, used: rounded(used ?? 0) }
        : null,
    };
  }
}

function count(lanes: Map<string, Seen>, connection: OpenConnection, nowMs: number): void {
  const state = stateOf(connection);
  let seen = lanes.get(state);
  if (seen === undefined) {
    seen = { count: 0, bins: Array.from({ length: BINS }, () => 0) };
    lanes.set(state, seen);
  }
  const bin = Math.min(BINS - 1, Math.floor((connection.deadlines.usedAt(nowMs) ?? 0) * BINS));
  seen.count += 1;
  seen.bins[bin] = (seen.bins[bin] ?? 0) + 1;
}

/** Of each thread the few that came first, the oldest in front. */
function keepOldest(runs: Map<AppThread, Run[]>, thread: AppThread, run: Run): void {
  const oldest = runs.get(thread);
  if (oldest === undefined) {
    runs.set(thread, [run]);
    return;
  }
  const at = oldest.findIndex(({ exchange }) => exchange.beganMs > run.exchange.beganMs);
  if (at === -1) oldest.push(run);
  else oldest.splice(at, 0, run);
  if (oldest.length > THREAD_REQUESTS_MAX) oldest.pop();
}

/** A hundredth is more than anybody sees. */
function rounded(share: number): number {
  return Math.round(share * 100) / 100;
}
