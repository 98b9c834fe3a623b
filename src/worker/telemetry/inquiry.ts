// Answers what an operator asks of this worker: what its threads run, where its connections are and what ends their wait, where
// a thread stands; and has a thread interrupted. Looks, and changes nothing else. Bounded by worker_connections.

import type { ConnectionContext } from '../../connection/context.ts';
import type { OpenConnection } from '../../connection/effects.ts';
import { stateOf, waitsFor } from '../../connection/states/look.ts';
import { clientInWords, withoutQuery } from '../../observe/request-words.ts';
import type { AppThread } from '../../threads/app-thread.ts';
import type { Answer, ConnectionFilter, Question } from '../../wire/control.ts';
import type { ConnectionLook, RequestLook, ThreadLook } from '../../wire/look.ts';
import type { WorkerLimits } from '../limits/client-limits.ts';
import { limitedBy } from '../limits/limited.ts';
import { type Picture, TOLD } from './black-box.ts';
import { Lanes } from './lanes.ts';

export interface InquiryParts {
  readonly connections: { readonly all: Iterable<OpenConnection> };
  readonly dispatcher: { readonly threads: readonly AppThread[] };
  readonly application: { stackOf(thread: AppThread): Promise<string | null> };
  readonly context: Pick<ConnectionContext, 'now' | 'wheel'>;
  readonly limits: WorkerLimits | null;
}

/** A connection whose thread has begun its request, or may have. */
const WITH_APPLICATION: ReadonlySet<string> = new Set(['running', 'streaming']);

type Exchange = NonNullable<OpenConnection['exchange']>;
type ConnectionsLook = Omit<Extract<Answer, { about: 'connections' }>, 'about'>;

export class Inquiry {
  readonly #parts: InquiryParts;
  readonly #lanes: Lanes;

  constructor(parts: InquiryParts) {
    this.#parts = parts;
    const look = (exchange: Exchange): RequestLook => this.#request(exchange);
    this.#lanes = new Lanes(`${process.pid}`, { ...parts, look });
  }

  async answer(question: Question): Promise<Answer> {
    switch (question.about) {
      case 'threads':
        return { about: 'threads', threads: this.threads() };
      case 'connections':
        return { about: 'connections', ...this.connections(question.filter, question.limit) };
      case 'lanes':
        return { about: 'lanes', ...this.#lanes.look(question.marks) };
      case 'limits':
        return { about: 'limits', ...limitedBy(this.#parts.limits, this.#parts.context.now()) };
      case 'stack':
        return this.#stack(question.thread);
      case 'interrupt':
        return this.#interrupt(question.thread);
    }
  }

  threads(): readonly ThreadLook[] {
    const requests = new Map<AppThread, RequestLook[]>();
    for (const { exchange } of this.#parts.connections.all) {
      if (exchange?.thread == null) continue;
      const known = requests.get(exchange.thread) ?? [];
      known.push(this.#request(exchange));
      requests.set(exchange.thread, known);
    }
    return this.#parts.dispatcher.threads.map((thread) => ({
      name: thread.name,
      state: thread.state,
      load: thread.load,
      places: thread.places,
      requests: requests.get(thread) ?? [],
    }));
  }

  /** All that fit are counted, and the first so many told: those that have been open for longest. */
  connections(filter: ConnectionFilter, limit: number): ConnectionsLook {
    const states: Record<string, number> = {};
    const connections: ConnectionLook[] = [];
    let open = 0;
    let matching = 0;
    for (const connection of this.#parts.connections.all) {
      const state = stateOf(connection);
      open += 1;
      states[state] = (states[state] ?? 0) + 1;
      if (!fits(connection, state, filter)) continue;
      matching += 1;
      if (connections.length < limit) connections.push(this.#connection(connection, state));
    }
    return { open, states, matching, connections };
  }

  /** For the black box. `queued`: how many wait for a thread. */
  picture(queued: number, resources: Pick<Picture, 'memoryBytes' | 'openFiles'>): Picture {
    const waiting = { state: 'queued', client: null, path: null };
    const { connections, matching: _, ...counts } = this.connections(waiting, TOLD);
    // One that is being refused stands among those that wait.
    const waits = connections.slice(0, queued);
    return { ...counts, ...resources, threads: this.threads(), queued, waiting: waits };
  }

  #connection(connection: OpenConnection, state: string): ConnectionLook {
    const { exchange, deadlines, peer, openedMs } = connection;
    return {
      client: clientInWords(exchange?.peer ?? peer),
      state,
      waitsFor: waitsFor(connection),
      ageMs: Math.round(this.#parts.context.now() - openedMs),
      deadline: deadlines.next,
      request: exchange === null ? null : this.#request(exchange),
      thread: exchange?.thread?.name ?? null,
    };
  }

  #request({ head, peer, beganMs, startedMs }: Exchange): RequestLook {
    return {
      method: head.method,
      path: withoutQuery(head.target),
      client: clientInWords(peer),
      ageMs: Math.round(this.#parts.context.now() - beganMs),
      ranMs: startedMs === 0 ? null : Math.max(0, this.#parts.context.wheel.nowMs - startedMs),
    };
  }

  async #stack(name: string): Promise<Answer> {
    const thread = this.#named(name);
    if (thread === null) return noThread(name);
    return { about: 'stack', stack: await this.#parts.application.stackOf(thread) };
  }

  #interrupt(name: string): Answer {
    const thread = this.#named(name);
    if (thread === null) return noThread(name);
    const its = [...this.#parts.connections.all].filter(
      ({ exchange, state }) => exchange?.thread === thread && WITH_APPLICATION.has(state.owing),
    );
    for (const connection of its) connection.interrupt();
    return { about: 'interrupt', requests: its.length };
  }

  #named(name: string): AppThread | null {
    return this.#parts.dispatcher.threads.find((thread) => thread.name === name) ?? null;
  }
}

function fits(
  { exchange, peer }: OpenConnection,
  state: string,
  filter: ConnectionFilter,
): boolean {
  if (filter.state !== null && filter.state !== state) return false;
  const { address } = exchange?.peer ?? peer;
  if (filter.client !== null && !address.startsWith(filter.client)) return false;
  if (filter.path === null) return true;
  return exchange !== null && withoutQuery(exchange.head.target).startsWith(filter.path);
}

function noThread(name: string): Answer {
  return { about: 'nothing', why: `There is no ${name} in this worker.` };
}
