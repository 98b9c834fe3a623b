// What the view knows of a server at one moment, read out of the answers of its control socket. Everything that a client or an
// application has sent is printable ASCII from here on: nothing of it can move a cursor, and each character is one wide.

import { type Members, members, number, rowsOf, text } from '../ctl/answer.ts';

/** Answers of the control socket, by their paths. */
export interface Answers {
  readonly status: Members;
  readonly traffic: Members;
  readonly workers: Members;
  readonly threads: Members;
  readonly connections: Members;
}

export interface ThreadSeen {
  /** A worker and one of its threads, as `tunicorn ctl` names it: 4711/3. */
  readonly key: string;
  readonly state: string;
  readonly load: number;
  /** Of the request that it has run for longest; null: it runs none. */
  readonly ms: number | null;
  readonly client: string;
  readonly request: string;
}

export interface WorkerSeen {
  readonly key: string;
  readonly state: string;
  readonly connections: number;
  readonly queued: number;
  readonly answered: number;
  readonly busy: number;
  readonly threads: number;
  readonly memoryBytes: number;
}

export interface Quantiles {
  readonly p50: number | null;
  readonly p99: number | null;
}

export interface Seen {
  readonly name: string;
  readonly pid: string;
  readonly phase: string;
  readonly listening: string;
  readonly uptimeMs: number;
  readonly wanted: number;
  readonly ready: number;
  readonly connections: number;
  readonly queued: number;
  readonly busyThreads: number;
  readonly allThreads: number;
  readonly perSecond: number;
  /** Each second: by class of their status, by why no thread had them, by what refused them. */
  readonly answered: readonly (readonly [string, number])[];
  readonly unserved: readonly (readonly [string, number])[];
  readonly refused: readonly (readonly [string, number])[];
  readonly durationMs: Quantiles;
  readonly queueWaitMs: Quantiles;
  /** How many connections are in each state that one is in, those nearest to their beginning first. */
  readonly states: readonly (readonly [string, number])[];
  readonly threads: readonly ThreadSeen[];
  readonly workers: readonly WorkerSeen[];
  /** Workers that did not answer. */
  readonly silent: readonly string[];
}

/** In the order in which a connection goes through them; what is not here stands behind. */
const WAY = ['handshake', 'new', 'head', 'body', 'queued', 'running', 'streaming', 'writing'];

export function seenIn({ status, traffic, workers, threads, connections }: Answers): Seen {
  const lately = members(traffic['lately']);
  const seconds = number(lately['seconds']);
  const all = members(status['threads']);
  const { wanted, ready } = members(status['workers']);
  const states = statesIn(connections['states']);
  const shownThreads = rowsOf(threads['threads']).map(threadIn);
  const silent = rowsOfText(threads['silent']);
  // Heartbeats are up to a second old; who has answered now knows better.
  const isWhole = silent.length === 0;
  const busyNow = shownThreads.filter(({ load }) => load > 0).length;
  const queuedNow = states.find(([state]) => state === 'queued')?.[1] ?? 0;
  return {
    name: plain(status['name']),
    pid: plain(status['pid']),
    phase: plain(status['phase']),
    listening: rowsOfText(status['listening']).join(', '),
    uptimeMs: 1000 * number(status['uptimeSeconds']),
    wanted: number(wanted),
    ready: number(ready),
    connections: number(connections['open']),
    queued: isWhole ? queuedNow : number(status['queued']),
    busyThreads: isWhole ? busyNow : number(all['busy']),
    allThreads: isWhole ? shownThreads.length : number(all['all']),
    perSecond: number(lately['perSecond']),
    answered: rates(lately['answered'], seconds),
    unserved: rates(lately['unserved'], seconds),
    refused: rates(lately['refused'], seconds),
    durationMs: quantiles(lately['durationMs']),
    queueWaitMs: quantiles(lately['queueWaitMs']),
    states,
    threads: shownThreads,
    workers: rowsOf(workers['workers']).map(workerIn),
    silent,
  };
}

/** One line that nothing can break out of. */
export function plain(value: unknown): string {
  return text(value)
    .replaceAll('\t', '    ')
    .replaceAll(/[^\x20-\x7e]/g, '?');
}

function threadIn(thread: Members): ThreadSeen {
  const requests = rowsOf(thread['requests']).map((request) => ({
    ms: number(request['ranMs'] ?? request['ageMs']),
    client: plain(request['client']),
    request: `${plain(request['method'])} ${plain(request['path'])}`,
  }));
  const longest = requests.reduce(
    (one, other) => (other.ms > one.ms ? other : one),
    requests[0] ?? { ms: -1, client: '', request: '' },
  );
  return {
    key: `${plain(thread['worker'])}/${plain(thread['name']).replace('thread ', '')}`,
    state: plain(thread['state']),
    load: number(thread['load']),
    ...longest,
    ms: longest.ms < 0 ? null : longest.ms,
  };
}

function workerIn(worker: Members): WorkerSeen {
  return {
    key: plain(worker['pid']),
    state: plain(worker['state']),
    connections: number(worker['connections']),
    queued: number(worker['queued']),
    answered: number(worker['answered']),
    busy: number(worker['busyThreads']),
    threads: number(worker['threads']),
    memoryBytes: number(worker['memoryBytes']),
  };
}

function statesIn(value: unknown): [string, number][] {
  const place = (state: string): number => (WAY.includes(state) ? WAY.indexOf(state) : WAY.length);
  return Object.entries(members(value))
    .map(([state, count]): [string, number] => [plain(state), number(count)])
    .sort(([one], [other]) => place(one) - place(other));
}

function rates(value: unknown, seconds: number): [string, number][] {
  return Object.entries(members(value))
    .filter(([, count]) => number(count) > 0 && seconds > 0)
    .map(([name, count]) => [plain(name), number(count) / seconds]);
}

function quantiles(value: unknown): Quantiles {
  const { p50, p99 } = members(value);
  return {
    p50: typeof p50 === 'number' ? p50 : null,
    p99: typeof p99 === 'number' ? p99 : null,
  };
}

function rowsOfText(value: unknown): string[] {
  return Array.isArray(value) ? value.map(plain) : [];
}
