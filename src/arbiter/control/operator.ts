// What somebody at the control socket sees of the server and can have done. What only workers know is asked of all of them at
// once; one that does not answer in time is named, and the others' answers are given.

import { monotonicMs } from '../../clock.ts';
import { packageVersion } from '../../package-folder.ts';
import { SETTING_NAMES } from '../../settings/catalogue.ts';
import { shownValue } from '../../settings/describe/shown.ts';
import { serverName } from '../../settings/process-name.ts';
import type { Sources } from '../../settings/resolve.ts';
import type { Settings } from '../../settings/settings.ts';
import { labelOf } from '../../settings/source.ts';
import type { Answer, ConnectionFilter, Question } from '../../wire/control.ts';
import type { Frame, Lane, Mark } from '../../wire/live.ts';
import type { ThreadLook } from '../../wire/look.ts';
import { BOUNDS_MS } from '../../wire/tally.ts';
import type { FleetChanges } from '../fleet/fleet-changes.ts';
import type { WorkerHandle } from '../fleet/worker-handle.ts';
import type { EventList } from '../telemetry/events.ts';
import type { Sums } from '../telemetry/tally-sums.ts';
import type { Traffic } from '../telemetry/traffic.ts';
import type {
  Begun,
  Connections,
  Events,
  Interrupted,
  Limited,
  OneConnection,
  Outcomes,
  Queue,
  Scaled,
  SettingsNow,
  StackNow,
  Status,
  Threads,
  TrafficNow,
  WaitingRequest,
  Workers,
} from './answers.ts';
import { limitedClients } from './limited.ts';
import { Refusal } from './refusal.ts';

/** The loop of a worker runs no application: it answers in a few milliseconds, or something is very wrong. */
const ANSWER_MS = 80;
/** More workers are a slip of the finger. */
export const WORKERS_MAX = 1000;
/** From one worker more to the next: what else the loop has to do comes in between. */
const SCALE_MS = 5;
/** What is done whether we wait or not is better heard of late than called a failure. */
const DEED_MS = 2_000;
/** To find out where a thread is can take as long as it takes to know that it is in native code. */
const STACK_MS = 8_000;

/** The server, as far as it is shown and steered here. */
export interface Steered {
  readonly workers: readonly WorkerHandle[];
  /** How many there should be. */
  readonly size: number;
  readonly phase: string;
  readonly isReloading: boolean;
  readonly settings: Settings;
  readonly settingSources: Sources | null;
  readonly listening: readonly string[];
  readonly traffic: Traffic;
  readonly changes: FleetChanges;
  readonly events: EventList;
  /** The arbiter that SIGUSR2 has started; null: there is none. */
  readonly heir: number | null;
  reload(): void;
  stop(how: 'gently' | 'at once'): void;
  more(): void;
  fewer(): void;
}

interface OfWorker<About extends Answer['about']> {
  readonly worker: WorkerHandle;
  readonly answer: Extract<Answer, { about: About }>;
}

export type Lanes = Pick<Frame, 'lanes' | 'marks' | 'threads' | 'silent'>;

export class Operator {
  readonly #server: Steered;
  readonly #startedMs = monotonicMs();
  /** How many workers there are to be; null: nobody asked, or there are. */
  #scaleTo: number | null = null;

  constructor(server: Steered) {
    this.#server = server;
  }

  get uptimeSeconds(): number {
    return Math.round((monotonicMs() - this.#startedMs) / 1000);
  }

  status(): Status {
    const { settings, listening, phase, size, isReloading, workers, heir } = this.#server;
    const inState = (state: string): number =>
      workers.filter((worker) => worker.state === state).length;
    return {
      name: serverName(settings),
      version: packageVersion(),
      pid: process.pid,
      uptimeSeconds: this.uptimeSeconds,
      listening,
      phase: isReloading ? 'reloading' : phase,
      workers: { wanted: size, alive: workers.length, ready: inState('ready') },
      connections: sumOf(workers, ({ counts }) => counts?.connections),
      queued: sumOf(workers, ({ counts }) => counts?.queued),
      requests: sumOf(workers, ({ counts }) => counts?.requests),
      threads: {
        all: sumOf(workers, ({ counts }) => counts?.threads),
        busy: sumOf(workers, ({ counts }) => counts?.busyThreads),
      },
      successor: heir,
    };
  }

  workers(): Workers {
    return {
      workers: this.#server.workers.map((worker) => {
        const { pid, age, state, servedMs, applicationPid, counts } = worker;
        return {
          pid,
          age,
          state,
          servedSeconds: servedMs === null ? null : Math.round(servedMs / 1000),
          application: applicationPid === pid ? null : applicationPid,
          answered: this.#server.traffic.answeredBy(worker),
          ...counts,
        };
      }),
    };
  }

  /** Oldest first. */
  events(): Events {
    return { events: this.#server.events.all };
  }

  traffic(): TrafficNow {
    const { sums, ...lately } = this.#server.traffic.lately();
    const since = this.#server.traffic.sums;
    return {
      ...outcomes(since),
      durations: { boundsMs: BOUNDS_MS, ...since.durations },
      queueWaits: { boundsMs: BOUNDS_MS, ...since.queueWaits },
      lately: { ...lately, ...outcomes(sums) },
    };
  }

  async threads(withStacks: boolean): Promise<Threads> {
    const { answers, silent } = await this.#askAll('threads', { about: 'threads' });
    const threads = answers.flatMap(({ worker, answer }) =>
      [...answer.threads].sort(byNumber).map((thread) => ({ worker, thread })),
    );
    const looks = threads.map(async ({ worker, thread }) => ({
      worker: worker.pid,
      ...thread,
      ...(withStacks && { stack: await stackOf(worker, thread) }),
    }));
    return { threads: await Promise.all(looks), silent };
  }

  async stack(pid: number, thread: string): Promise<StackNow> {
    const answer = await this.#askOne(pid, { about: 'stack', thread }, STACK_MS);
    return { worker: pid, thread, stack: answer.about === 'stack' ? answer.stack : null };
  }

  async interrupt(pid: number, thread: string): Promise<Interrupted> {
    const answer = await this.#askOne(pid, { about: 'interrupt', thread }, DEED_MS);
    return { worker: pid, thread, requests: answer.about === 'interrupt' ? answer.requests : 0 };
  }

  /** Of all that fit those that have been open for longest, `limit` in all. */
  async connections(filter: ConnectionFilter, limit: number): Promise<Connections> {
    const { answers, silent } = await this.#askAll('connections', {
      about: 'connections',
      filter,
      limit,
    });
    const states: Record<string, number> = {};
    const connections: OneConnection[] = [];
    for (const { worker, answer } of answers) {
      for (const [state, count] of Object.entries(answer.states)) {
        states[state] = (states[state] ?? 0) + count;
      }
      for (const one of answer.connections) connections.push({ worker: worker.pid, ...one });
    }
    const open = answers.reduce((all, { answer }) => all + answer.open, 0);
    const matching = answers.reduce((all, { answer }) => all + answer.matching, 0);
    const oldest = connections.sort((one, other) => other.ageMs - one.ageMs).slice(0, limit);
    return { open, states, matching, connections: oldest, silent };
  }

  /** Where all connections are; each by itself only when there are no more than `marks` in all. */
  async lanes(marks: number): Promise<Lanes> {
    const { answers, silent } = await this.#askAll('lanes', { about: 'lanes', marks });
    const threads = answers.flatMap(({ worker, answer }) =>
      [...answer.threads].sort(byNumber).map((thread) => ({ worker: worker.pid, ...thread })),
    );
    return {
      lanes: added(answers.map(({ answer }) => answer.lanes)),
      marks: all(
        answers.map(({ answer }) => answer.marks),
        marks,
      ),
      threads,
      silent,
    };
  }

  async queue(): Promise<Queue> {
    const filter = { state: 'queued', client: null, path: null };
    const question = { about: 'connections', filter, limit: 1000 } as const;
    const { answers, silent } = await this.#askAll('connections', question);
    const waiting: WaitingRequest[] = [];
    for (const { worker, answer } of answers) {
      for (const { request, deadline } of answer.connections) {
        if (request === null) continue;
        waiting.push({ worker: worker.pid, ...request, inMs: deadline?.inMs ?? null });
      }
    }
    waiting.sort((one, other) => other.ageMs - one.ageMs);
    const length = answers.reduce((all, { answer }) => all + answer.matching, 0);
    return { length, requests: waiting, silent };
  }

  /** Who is refused by limits, or would be. */
  async limits(): Promise<Limited> {
    const { traffic, settings, settingSources } = this.#server;
    const { answers, silent } = await this.#askAll('limits', { about: 'limits' });
    const { clients, unlisted } = limitedClients(answers, settings, settingSources);
    const { seconds, sums } = traffic.lately();
    const lately = { seconds, refused: sums.refused };
    return { refused: traffic.sums.refused, lately, clients, unlisted, silent };
  }

  settings(): SettingsNow {
    const { settings, settingSources: sources } = this.#server;
    return {
      settings: SETTING_NAMES.map((name) => {
        const source = sources?.[name];
        return {
          name,
          value: shown(name, shownValue(name, settings)),
          source: source === undefined ? null : labelOf(source),
        };
      }),
    };
  }

  reload(): Begun {
    this.#assertRunning();
    this.#server.reload();
    return { phase: 'reloading' };
  }

  scale(count: number): Scaled {
    this.#assertRunning();
    const isUnderWay = this.#scaleTo !== null;
    this.#scaleTo = count;
    if (!isUnderWay) this.#scaleOn();
    return { workers: count };
  }

  #assertRunning(): void {
    if (this.#server.phase !== 'running') throw new Refusal(409, 'The server is ending.');
  }

  /** One more or fewer, and the next when the loop has turned: to start a process takes a while, and others want to be answered. */
  #scaleOn(): void {
    const { size, phase } = this.#server;
    if (this.#scaleTo === null || phase !== 'running' || size === this.#scaleTo) {
      this.#scaleTo = null;
      return;
    }
    if (size < this.#scaleTo) this.#server.more();
    else this.#server.fewer();
    if (this.#server.size === size) this.#scaleTo = null;
    else setTimeout(() => this.#scaleOn(), SCALE_MS);
  }

  stop(how: 'gently' | 'at once'): Begun {
    // Not before it was answered: the socket ends with the server.
    setImmediate(() => this.#server.stop(how));
    return { phase: how === 'gently' ? 'draining' : 'quitting' };
  }

  async #askAll<About extends Answer['about']>(
    about: About,
    question: Question,
  ): Promise<{ answers: readonly OfWorker<About>[]; silent: readonly number[] }> {
    const asked = this.#server.workers.filter(({ servedMs }) => servedMs !== null);
    const all = await Promise.all(
      asked.map(async (worker) => ({
        worker,
        answer: await worker.questions.ask(question, ANSWER_MS),
      })),
    );
    const isAnswer = (one: (typeof all)[number]): one is OfWorker<About> =>
      one.answer?.about === about;
    const answers = all.filter(isAnswer);
    const silent = all.filter((one) => !isAnswer(one)).map(({ worker }) => worker.pid);
    return { answers, silent };
  }

  async #askOne(pid: number, question: Question, withinMs: number): Promise<Answer> {
    const worker = this.#server.workers.find((one) => one.pid === pid);
    if (worker === undefined) {
      const pids = this.#server.workers.map((one) => one.pid).join(', ');
      throw new Refusal(404, `There is no worker ${pid}. There is: ${pids}.`);
    }
    const answer = await worker.questions.ask(question, withinMs);
    if (answer === null) throw new Refusal(504, `Worker ${pid} does not answer.`);
    if (answer.about === 'nothing') throw new Refusal(404, answer.why);
    return answer;
  }
}

function outcomes({ answered, unserved, refused }: Sums): Outcomes {
  return { answered, unserved, refused };
}

/** Lanes of the same state are one. */
function added(ofWorkers: readonly (readonly Lane[])[]): Lane[] {
  const lanes = new Map<string, { state: string; count: number; bins: number[] }>();
  for (const { state, count, bins } of ofWorkers.flat()) {
    const lane = lanes.get(state);
    if (lane === undefined) lanes.set(state, { state, count, bins: [...bins] });
    else {
      lane.count += count;
      for (const [at, more] of bins.entries()) lane.bins[at] = (lane.bins[at] ?? 0) + more;
    }
  }
  return [...lanes.values()];
}

/** null when they are too many, or some worker has too many by itself. */
function all(ofWorkers: readonly (readonly Mark[] | null)[], most: number): Mark[] | null {
  const marks: Mark[] = [];
  for (const some of ofWorkers) {
    if (some === null || marks.length + some.length > most) return null;
    marks.push(...some);
  }
  return marks;
}

/** The pool has them in an order of its own. */
function byNumber(one: { readonly name: string }, other: { readonly name: string }): number {
  return one.name.localeCompare(other.name, 'en', { numeric: true });
}

async function stackOf(worker: WorkerHandle, thread: ThreadLook): Promise<string | null> {
  if (thread.requests.length === 0) return null;
  const answer = await worker.questions.ask({ about: 'stack', thread: thread.name }, STACK_MS);
  return answer?.about === 'stack' ? answer.stack : null;
}

/** Of all workers that have told it. */
export function sumOf(
  workers: readonly WorkerHandle[],
  of: (worker: WorkerHandle) => number | undefined,
): number {
  return workers.reduce((all, worker) => all + (of(worker) ?? 0), 0);
}

/** Variables for the application may hold secrets. */
function shown(name: string, value: unknown): unknown {
  if (name !== 'raw_env' || !Array.isArray(value)) return value;
  return value.map((variable) => String(variable).replace(/=.*/s, '=***'));
}
