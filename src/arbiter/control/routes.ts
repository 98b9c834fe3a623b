// What can be asked on the control socket, as a table that the server answers from and that its OpenAPI description is made
// of. What each answers is in views.ts.

import { STATE_NAMES } from '../../connection/states/state-names.ts';
import type { Operator } from './operator.ts';
import { Refusal } from './refusal.ts';
import type { ControlReply, ControlRequest } from './server.ts';

export interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query';
  readonly type: 'string' | 'integer' | 'boolean';
  /** No others; left out: any. */
  readonly values?: readonly string[];
  readonly meaning: string;
}

export interface Route {
  readonly method: 'GET' | 'POST';
  /** With `{name}` for what is a parameter. */
  readonly path: string;
  readonly id: string;
  readonly summary: string;
  readonly parameters: readonly Parameter[];
  /** Members of the JSON object that comes as the body; null: none does. */
  readonly body: { readonly [member: string]: BodyMember } | null;
  /** Status of success. */
  readonly status: 200 | 202;
  answer(operator: Operator, given: Given): Promise<object>;
}

export interface BodyMember {
  readonly type: 'string' | 'integer';
  readonly values?: readonly string[];
  readonly meaning: string;
}

/** Of one request: checked against its route. */
export type Given = ReadonlyMap<string, string | number>;

const WORKER: Parameter = {
  name: 'worker',
  in: 'path',
  type: 'integer',
  meaning: 'Process id of the worker.',
};
const THREAD: Parameter = {
  name: 'thread',
  in: 'path',
  type: 'integer',
  meaning: 'Number of the thread, as in "thread 3".',
};

/** Connections that are told of at once when nobody says how many, and at most. */
export const LIMIT = 100;
export const LIMIT_MAX = 1000;

export const ROUTES: readonly Route[] = [
  {
    method: 'GET',
    path: '/status',
    id: 'status',
    summary: 'What the server is and how it fares.',
    parameters: [],
    body: null,
    status: 200,
    answer: async (operator) => operator.status(),
  },
  {
    method: 'GET',
    path: '/workers',
    id: 'workers',
    summary: 'Every worker, those that come and go as well, with what it told last.',
    parameters: [],
    body: null,
    status: 200,
    answer: async (operator) => operator.workers(),
  },
  {
    method: 'GET',
    path: '/traffic',
    id: 'traffic',
    summary:
      'Requests answered, by class of their status, those that found no thread, by why, and what limits refused, by reason; how long they took and waited for a thread, in buckets: since the start of the server, over all workers that it had, and lately, which is about five seconds.',
    parameters: [],
    body: null,
    status: 200,
    answer: async (operator) => operator.traffic(),
  },
  {
    method: 'POST',
    path: '/workers',
    id: 'scale',
    summary: 'There shall be so many workers, as by SIGTTIN and SIGTTOU.',
    parameters: [],
    body: { count: { type: 'integer', meaning: 'How many, 1 or more.' } },
    status: 202,
    answer: async (operator, given) => operator.scale(Number(given.get('count'))),
  },
  {
    method: 'GET',
    path: '/threads',
    id: 'threads',
    summary: 'Every thread: what it runs and for how long.',
    parameters: [
      {
        name: 'stack',
        in: 'query',
        type: 'boolean',
        meaning: 'With where each one that runs something is right now.',
      },
    ],
    body: null,
    status: 200,
    answer: (operator, given) => operator.threads(given.get('stack') === 'true'),
  },
  {
    method: 'GET',
    path: '/workers/{worker}/threads/{thread}/stack',
    id: 'stack',
    summary: 'Where a thread is right now; null where it does not pause: idle, or in native code.',
    parameters: [WORKER, THREAD],
    body: null,
    status: 200,
    answer: (operator, given) => operator.stack(...threadOf(given)),
  },
  {
    method: 'POST',
    path: '/workers/{worker}/threads/{thread}/interrupt',
    id: 'interrupt',
    summary:
      'As if the time of all that the thread runs were up: 504, the stack in the log, the thread replaced where it does not end.',
    parameters: [WORKER, THREAD],
    body: null,
    status: 200,
    answer: (operator, given) => operator.interrupt(...threadOf(given)),
  },
  {
    method: 'GET',
    path: '/connections',
    id: 'connections',
    summary:
      'How many connections are in each state, and those that fit, of all workers, what has been open for longest first.',
    parameters: [
      {
        name: 'state',
        in: 'query',
        type: 'string',
        values: [...STATE_NAMES, 'closing'],
        meaning: 'Only in this state (states.md).',
      },
      { name: 'client', in: 'query', type: 'string', meaning: 'The address begins so.' },
      { name: 'path', in: 'query', type: 'string', meaning: 'The path of its request begins so.' },
      {
        name: 'limit',
        in: 'query',
        type: 'integer',
        meaning: `How many in all, at most ${LIMIT_MAX}. [${LIMIT}]`,
      },
    ],
    body: null,
    status: 200,
    answer: (operator, given) =>
      operator.connections(
        {
          state: textOf(given, 'state'),
          client: textOf(given, 'client'),
          path: textOf(given, 'path'),
        },
        Math.min(LIMIT_MAX, Number(given.get('limit') ?? LIMIT)),
      ),
  },
  {
    method: 'GET',
    path: '/queue',
    id: 'queue',
    summary: 'Requests that wait for a thread, the one that has waited longest first.',
    parameters: [],
    body: null,
    status: 200,
    answer: (operator) => operator.queue(),
  },
  {
    method: 'GET',
    path: '/limits',
    id: 'limits',
    summary:
      'Which clients and keys the limits refused in the last ten minutes (or would have: dry), whoever was refused most lately first: how often, by which limit, where that was set, and when it would be let through. Keys that clients send are told as the beginning of their SHA-256. `unlisted`: how many were refused of clients that are not in the list.',
    parameters: [],
    body: null,
    status: 200,
    answer: (operator) => operator.limits(),
  },
  {
    method: 'GET',
    path: '/events',
    id: 'events',
    summary:
      'What was shed, limited, timed out, replaced, ended or reloaded last, each with a sentence that says why; what goes on is added up and told every few seconds.',
    parameters: [],
    body: null,
    status: 200,
    answer: async (operator) => operator.events(),
  },
  {
    method: 'GET',
    path: '/settings',
    id: 'settings',
    summary: 'Every setting: its value and where it was set. What may be a secret is not shown.',
    parameters: [],
    body: null,
    status: 200,
    answer: async (operator) => operator.settings(),
  },
  {
    method: 'POST',
    path: '/reload',
    id: 'reload',
    summary:
      'Settings and application anew, as by SIGHUP. How it went is in the log and in `status`.',
    parameters: [],
    body: null,
    status: 202,
    answer: async (operator) => operator.reload(),
  },
  {
    method: 'POST',
    path: '/stop',
    id: 'stop',
    summary: 'The server ends, as by SIGTERM or SIGQUIT.',
    parameters: [],
    body: {
      how: {
        type: 'string',
        values: ['gently', 'at once'],
        meaning: 'Whether requests under way may end first.',
      },
    },
    status: 202,
    answer: async (operator, given) =>
      operator.stop(given.get('how') === 'at once' ? 'at once' : 'gently'),
  },
];

/** Answers from the table. */
export async function answer(operator: Operator, request: ControlRequest): Promise<ControlReply> {
  try {
    const found = ROUTES.flatMap((route) => {
      const inPath = matched(route.path, request.path);
      return inPath === null ? [] : [{ route, inPath }];
    });
    if (found.length === 0) throw new Refusal(404, `There is no ${request.path}. ${whatThereIs()}`);
    const fit = found.find(({ route }) => route.method === request.method);
    if (fit === undefined) {
      const methods = found.map(({ route }) => route.method).join(' or ');
      throw new Refusal(405, `${request.path} is asked for with ${methods}.`);
    }
    const given = givenTo(fit.route, fit.inPath, request);
    return { status: fit.route.status, body: await fit.route.answer(operator, given) };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return { status: error.status, body: { error: error.message } };
  }
}

function whatThereIs(): string {
  return `There is: ${[...new Set(ROUTES.map(({ path }) => path))].join(', ')}.`;
}

/** Values of the parameters in a path; null where it is another. */
function matched(pattern: string, path: string): ReadonlyMap<string, string> | null {
  const wanted = pattern.split('/');
  const there = path.split('/');
  if (wanted.length !== there.length) return null;
  const values = new Map<string, string>();
  for (const [index, part] of wanted.entries()) {
    const text = there[index] ?? '';
    const name = /^\{(\w+)\}$/.exec(part)?.[1];
    if (name !== undefined) values.set(name, text);
    else if (part !== text) return null;
  }
  return values;
}

function givenTo(
  route: Route,
  inPath: ReadonlyMap<string, string>,
  { query, body }: ControlRequest,
): Given {
  const given = new Map<string, string | number>();
  for (const name of query.keys()) {
    if (!route.parameters.some((known) => known.in === 'query' && known.name === name)) {
      const names = route.parameters.filter((known) => known.in === 'query').map((one) => one.name);
      const instead = names.length === 0 ? 'It takes none.' : `It takes ${names.join(', ')}.`;
      throw new Refusal(400, `There is no parameter ${name} here. ${instead}`);
    }
  }
  for (const { name, in: place, type, values } of route.parameters) {
    const text = place === 'path' ? inPath.get(name) : query.get(name);
    if (text === undefined || text === null) continue;
    if (values?.includes(text) === false) {
      throw new Refusal(400, `${name} is one of ${values.join(', ')}, not "${text}".`);
    }
    given.set(name, type === 'integer' ? whole(name, text) : text);
  }
  for (const [name, value] of bodyOf(route, body)) given.set(name, value);
  return given;
}

function bodyOf(route: Route, text: string): Map<string, string | number> {
  const members = new Map<string, string | number>();
  if (route.body === null) return members;
  let json: unknown;
  try {
    json = JSON.parse(text === '' ? '{}' : text);
  } catch {
    throw new Refusal(400, 'The body is no JSON.');
  }
  const object = typeof json === 'object' && json !== null ? json : {};
  for (const [name, { type, values }] of Object.entries(route.body)) {
    const value: unknown = (object as Record<string, unknown>)[name];
    if (type === 'integer') members.set(name, whole(name, String(value)));
    else if (typeof value === 'string' && (values?.includes(value) ?? true))
      members.set(name, value);
    else if (value !== undefined) throw new Refusal(400, `${name} is ${values?.join(' or ')}.`);
  }
  return members;
}

function whole(name: string, text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new Refusal(400, `${name} is a whole number, not "${text}".`);
  return Number(text);
}

function textOf(given: Given, name: string): string | null {
  const value = given.get(name);
  return value === undefined ? null : String(value);
}

function threadOf(given: Given): [number, string] {
  return [Number(given.get('worker')), `thread ${given.get('thread')}`];
}
