// What can be asked on the control socket, as a table that the server answers from and that its OpenAPI description is made
// of. What each answer consists of is in
// described-server.ts and described-requests.ts.

import { packageVersion } from '../../package-folder.ts';
import * as requests from './described-requests.ts';
import * as server from './described-server.ts';
import { OpenApi, openApi } from './openapi.ts';
import { WORKERS_MAX } from './operator.ts';
import { type Given, type Parameter, type Route, route } from './route.ts';

const WORKER: Parameter = {
  name: 'worker',
  in: 'path',
  type: 'integer',
  meaning: 'Process id of the worker.',
  example: 4711,
};
const THREAD: Parameter = {
  name: 'thread',
  in: 'path',
  type: 'integer',
  meaning: 'Number of the thread, as in "thread 3".',
  example: 3,
};
const OF_THREAD = {
  404: 'There is no such worker or thread.',
  504: 'The worker does not answer.',
} as const;
const ENDING = { 409: 'The server is ending.' } as const;

/** Connections that are told of at once when nobody says how many, and at most. */
const LIMIT = 100;
const LIMIT_MAX = 1000;

export const ROUTES: readonly Route[] = [
  route({
    method: 'GET',
    path: '/status',
    id: 'status',
    summary: 'What the server is and how it fares.',
    answers: server.Status,
    answer: async (operator) => operator.status(),
  }),
  route({
    method: 'GET',
    path: '/workers',
    id: 'workers',
    summary: 'Every worker, those that come and go as well, with what it told last.',
    answers: server.Workers,
    answer: async (operator) => operator.workers(),
  }),
  route({
    method: 'GET',
    path: '/traffic',
    id: 'traffic',
    summary:
      'Requests answered, by class of their status, those that found no thread, by why, and what limits refused, by reason; how long they took and waited for a thread, in buckets: since the start of the server, over all workers that it had, and lately, which is about five seconds.',
    answers: server.TrafficNow,
    answer: async (operator) => operator.traffic(),
  }),
  route({
    method: 'POST',
    path: '/workers',
    id: 'scale',
    summary: 'There shall be so many workers, as by SIGTTIN and SIGTTOU.',
    body: {
      count: { type: 'integer', min: 1, max: WORKERS_MAX, meaning: 'How many.', example: 4 },
    },
    status: 202,
    answers: server.Scaled,
    refusals: ENDING,
    answer: async (operator, given) => operator.scale(Number(given.get('count'))),
  }),
  route({
    method: 'GET',
    path: '/threads',
    id: 'threads',
    summary: 'Every thread: what it runs and for how long.',
    parameters: [
      {
        name: 'stack',
        in: 'query',
        type: 'boolean',
        default: false,
        meaning: 'With where each one that runs something is right now.',
        example: true,
      },
    ],
    answers: requests.Threads,
    answer: (operator, given) => operator.threads(given.get('stack') === 'true'),
  }),
  route({
    method: 'GET',
    path: '/workers/{worker}/threads/{thread}/stack',
    id: 'stack',
    summary: 'Where a thread is right now; null where it does not pause: idle, or in native code.',
    parameters: [WORKER, THREAD],
    answers: requests.StackNow,
    refusals: OF_THREAD,
    answer: (operator, given) => operator.stack(...threadOf(given)),
  }),
  route({
    method: 'POST',
    path: '/workers/{worker}/threads/{thread}/interrupt',
    id: 'interrupt',
    summary:
      'As if the time of all that the thread runs were up: 504, the stack in the log, the thread replaced where it does not end.',
    parameters: [WORKER, THREAD],
    answers: requests.Interrupted,
    refusals: OF_THREAD,
    answer: (operator, given) => operator.interrupt(...threadOf(given)),
  }),
  route({
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
        values: requests.CONNECTION_STATES,
        meaning: 'Only in this state (states.md).',
        example: 'running',
      },
      {
        name: 'client',
        in: 'query',
        type: 'string',
        meaning: 'The address begins so.',
        example: '203.0.113.',
      },
      {
        name: 'path',
        in: 'query',
        type: 'string',
        meaning: 'The path of its request begins so.',
        example: '/report',
      },
      {
        name: 'limit',
        in: 'query',
        type: 'integer',
        min: 0,
        max: LIMIT_MAX,
        default: LIMIT,
        meaning: 'How many in all.',
        example: 10,
      },
    ],
    answers: requests.Connections,
    answer: (operator, given) =>
      operator.connections(
        {
          state: textOf(given, 'state'),
          client: textOf(given, 'client'),
          path: textOf(given, 'path'),
        },
        Number(given.get('limit') ?? LIMIT),
      ),
  }),
  route({
    method: 'GET',
    path: '/queue',
    id: 'queue',
    summary: 'Requests that wait for a thread, the one that has waited longest first.',
    answers: requests.Queue,
    answer: (operator) => operator.queue(),
  }),
  route({
    method: 'GET',
    path: '/limits',
    id: 'limits',
    summary:
      'Which clients and keys the limits refused in the last ten minutes (or would have: dry), whoever was refused most lately first: how often, by which limit, where that was set, and when it would be let through.',
    answers: requests.Limited,
    answer: (operator) => operator.limits(),
  }),
  route({
    method: 'GET',
    path: '/events',
    id: 'events',
    summary:
      'What was shed, limited, timed out, replaced, ended or reloaded last, each with a sentence that says why; what goes on is added up and told every few seconds.',
    answers: server.Events,
    answer: async (operator) => operator.events(),
  }),
  route({
    method: 'GET',
    path: '/settings',
    id: 'settings',
    summary: 'Every setting: its value and where it was set. What may be a secret is not shown.',
    answers: server.SettingsNow,
    answer: async (operator) => operator.settings(),
  }),
  route({
    method: 'POST',
    path: '/reload',
    id: 'reload',
    summary:
      'Settings and application anew, as by SIGHUP. How it went is in the log and in `events`.',
    status: 202,
    answers: server.Begun,
    refusals: ENDING,
    answer: async (operator) => operator.reload(),
  }),
  route({
    method: 'POST',
    path: '/stop',
    id: 'stop',
    summary: 'The server ends, as by SIGTERM or SIGQUIT.',
    body: {
      how: {
        type: 'string',
        values: ['gently', 'at once'],
        default: 'gently',
        meaning: 'Whether requests under way may end first.',
        example: 'gently',
      },
    },
    status: 202,
    answers: server.Begun,
    answer: async (operator, given) =>
      operator.stop(given.get('how') === 'at once' ? 'at once' : 'gently'),
  }),
  route({
    method: 'GET',
    path: '/openapi.json',
    id: 'openapi',
    summary: 'This description.',
    answers: OpenApi,
    answer: async () => openApi(ROUTES, packageVersion()),
  }),
];

function textOf(given: Given, name: string): string | null {
  const value = given.get(name);
  return value === undefined ? null : String(value);
}

function threadOf(given: Given): [number, string] {
  return [Number(given.get('worker')), `thread ${given.get('thread')}`];
}
