// What `tunicorn ctl` can be told, as a table: which request of the control socket each command is, and how its answer is
// shown to people.

import type { CtlRequest } from './client.ts';
import { limitsTable } from './limits-table.ts';
import { actionWords, type Shown, tables } from './tables.ts';

export interface CtlCommand {
  readonly name: string;
  /** What stands behind the name. */
  readonly arguments: readonly string[];
  readonly flags: readonly CtlFlag[];
  readonly meaning: string;
  /** null: its arguments make no sense. */
  request(given: readonly string[], flags: CtlFlags): CtlRequest | null;
  readonly shown: Shown;
}

export type CtlFlag = '--stack' | '--state' | '--client' | '--path' | '--limit' | '--now';
export type CtlFlags = ReadonlyMap<CtlFlag, string>;

const NOTHING: Pick<CtlCommand, 'arguments' | 'flags'> = { arguments: [], flags: [] };
/** A worker and one of its threads, as `threads` shows it: 4711/3. */
const THREAD = /^(\d+)\/(\d+)$/;

export const CTL_COMMANDS: readonly CtlCommand[] = [
  {
    ...NOTHING,
    name: 'status',
    meaning: 'what the server is and how it fares',
    request: () => get('/status'),
    shown: tables.status,
  },
  {
    ...NOTHING,
    name: 'workers',
    meaning: 'every worker, with what it has under way',
    request: () => get('/workers'),
    shown: tables.workers,
  },
  {
    ...NOTHING,
    name: 'threads',
    flags: ['--stack'],
    meaning: 'what each thread runs and for how long; --stack: where it is right now',
    request: (_, flags) => get('/threads', flags.has('--stack') ? { stack: 'true' } : {}),
    shown: tables.threads,
  },
  {
    ...NOTHING,
    name: 'connections',
    flags: ['--state', '--client', '--path', '--limit'],
    meaning: 'where connections wait; only those of a --state, a --client, a --path',
    request: (_, flags) =>
      get('/connections', {
        state: flags.get('--state'),
        client: flags.get('--client'),
        path: flags.get('--path'),
        limit: flags.get('--limit'),
      }),
    shown: tables.connections,
  },
  {
    ...NOTHING,
    name: 'traffic',
    meaning: 'how many requests are answered, with what, how fast',
    request: () => get('/traffic'),
    shown: tables.traffic,
  },
  {
    ...NOTHING,
    name: 'queue',
    meaning: 'requests that wait for a thread',
    request: () => get('/queue'),
    shown: tables.queue,
  },
  {
    ...NOTHING,
    name: 'limits',
    meaning: 'which clients the limits refuse, by which limit',
    request: () => get('/limits'),
    shown: limitsTable,
  },
  {
    ...NOTHING,
    name: 'events',
    meaning: 'what was shed, limited, timed out, replaced or reloaded last, and why',
    request: () => get('/events'),
    shown: tables.events,
  },
  {
    ...NOTHING,
    name: 'settings',
    meaning: 'every setting, its value and where it was set',
    request: () => get('/settings'),
    shown: tables.settings,
  },
  {
    ...NOTHING,
    name: 'reload',
    meaning: 'settings and application anew, as SIGHUP',
    request: () => post('/reload'),
    shown: actionWords(
      () => 'Reloading. How it went will be in the log, and in `tunicorn ctl events`.',
    ),
  },
  {
    ...NOTHING,
    name: 'scale',
    arguments: ['N'],
    meaning: 'have N workers',
    request: ([count = '']) =>
      /^\d{1,6}$/.test(count) ? post('/workers', { count: Number(count) }) : null,
    shown: actionWords(
      ({ workers }) =>
        `Workers wanted: ${String(workers)}. \`tunicorn ctl status\` tells how many serve.`,
    ),
  },
  {
    ...NOTHING,
    name: 'stop',
    flags: ['--now'],
    meaning: 'end the server when its requests are done; --now: at once',
    request: (_, flags) => post('/stop', { how: flags.has('--now') ? 'at once' : 'gently' }),
    shown: actionWords(({ phase }) => `The server is ${String(phase)}.`),
  },
  {
    ...NOTHING,
    name: 'interrupt',
    arguments: ['THREAD'],
    meaning: 'as if the time of what THREAD runs were up; as `threads` names it: 4711/3',
    request: ([thread = '']) => {
      const [, worker, number] = THREAD.exec(thread) ?? [];
      return worker === undefined || number === undefined
        ? null
        : post(`/workers/${worker}/threads/${number}/interrupt`);
    },
    shown: actionWords(({ requests }) =>
      requests === 0
        ? 'It runs no request.'
        : `Requests interrupted: ${String(requests)}. The log has where they were.`,
    ),
  },
];

function get(path: string, query: Readonly<Record<string, string | undefined>> = {}): CtlRequest {
  const given = Object.entries(query).filter(
    (one): one is [string, string] => one[1] !== undefined,
  );
  const text = new URLSearchParams(given).toString();
  return { method: 'GET', path: text === '' ? path : `${path}?${text}`, body: null };
}

function post(path: string, body: object = {}): CtlRequest {
  return { method: 'POST', path, body };
}
