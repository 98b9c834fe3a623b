// What the answers of the control socket about the server, its workers and settings consist of, as its OpenAPI description tells it. The
// types are those of answers.ts: the compiler holds one against the other, and a test holds what a server answers against both.

import type { WorkerCounts } from '../../wire/arbiter-worker.ts';
import type { EventKind, LiveEvent } from '../../wire/live.ts';
import { BOUNDS_MS } from '../../wire/tally.ts';
import type { WorkerState } from '../fleet/worker-states.ts';
import type { Quantiles } from '../telemetry/traffic.ts';
import type * as answers from './answers.ts';
import * as s from './schema.ts';

/** Of a table that the compiler holds to be whole. */
const every = <T extends string>(values: Readonly<Record<T, true>>): readonly T[] =>
  Object.keys(values) as T[];

export const worker = s.positive('Process id of the worker.', 4711);
const phase = s.choice<string>(
  'What the server is doing.',
  ['running', 'reloading', 'draining', 'quitting', 'finished'],
  'running',
);

export const Refused = s.object<answers.Refused>(
  'It was not done.',
  { error: s.text('A sentence for people.', 'There is no worker 1. There is: 4711, 4712.') },
  'Error',
);

export const Status = s.object<answers.Status>('The server.', {
  name: s.text('The application, or what `proc_name` says.', 'shop'),
  version: s.text('Of Tunicorn.', '0.1.0'),
  pid: s.positive('Process id of the arbiter.', 4700),
  uptimeSeconds: s.wholeAmount('Since the arbiter began.', 's', 11_220),
  listening: s.list(
    'Where clients are served.',
    s.text('An address: http://, https:// or unix:.', 'http://127.0.0.1:8000'),
  ),
  phase,
  workers: s.object('Worker processes.', {
    wanted: s.count('How many there should be.', 2),
    alive: s.count(
      'How many processes there are; more than are wanted while some are replaced.',
      2,
    ),
    ready: s.count('How many of them serve.', 2),
  }),
  connections: s.count('Open connections of clients, as workers told within the last second.', 120),
  queued: s.count('Requests that wait for a thread.', 3),
  requests: s.count('Requests that threads have, begun or not.', 4),
  threads: s.object('Threads that run the application.', {
    all: s.count('How many there are.', 8),
    busy: s.count('How many have a request.', 3),
  }),
  successor: s.nullable(
    s.positive('The arbiter that SIGUSR2 has started; null: there is none.', 5200),
  ),
});

/** Missing of a worker that has not told anything yet. */
const told: s.MembersOf<Partial<WorkerCounts>> = {
  connections: s.optional(s.count('Open connections.', 60)),
  mostConnections: s.optional(s.count('The most that were open at once in the last second.', 64)),
  queued: s.optional(s.count('Requests that wait for a thread.', 3)),
  unserved: s.optional(
    s.counts(
      'Requests that were answered 503 because no thread could have them in time, since its start, by the code of their log lines (errors.md).',
      { 'queue-full': 2 },
    ),
  ),
  refused: s.optional(
    s.counts(
      'What limits of clients refused since its start, by reason and limit; "dry ...": only would have been.',
      { 'rate login': 340 },
    ),
  ),
  uncounted: s.optional(
    s.count('Requests that went on although a limit could not count them in time.', 0),
  ),
  requests: s.optional(s.count('Requests that its threads have, begun or not.', 4)),
  threads: s.optional(s.count('Its threads.', 4)),
  busyThreads: s.optional(s.count('Threads that have a request.', 3)),
  timers: s.optional(s.count('Deadlines that are waited for.', 61)),
  spooledBytes: s.optional(s.wholeAmount('Bodies of responses in temporary files.', 'bytes', 0)),
  openFiles: s.optional(
    s.whole('Descriptors of its process; -1 where they cannot be counted.', -1, 85),
  ),
  memoryBytes: s.optional(
    s.wholeAmount(
      'Resident memory, its Python included; 0 where it cannot be read.',
      'bytes',
      98_000_000,
    ),
  ),
  pythonBytes: s.optional(
    s.wholeAmount("Of that its Python's; 0 for a Node.js application.", 'bytes', 31_000_000),
  ),
  loopDelayMs: s.optional(
    s.amount('The longest that its loop was late in the last second.', 'ms', 1.2),
  ),
};

const workerStates: Readonly<Record<WorkerState, true>> = {
  waiting: true,
  booting: true,
  ready: true,
  unwanted: true,
  draining: true,
  quitting: true,
  killed: true,
  dead: true,
};

export const Workers = s.object<answers.Workers>('All workers.', {
  workers: s.list(
    'Those that come and go as well.',
    s.object<answers.OneWorker>(
      'A worker process. What it has told itself is missing until it has.',
      {
        pid: s.count('Process id; 0: it could not be started.', 4711),
        age: s.count('1 for the first worker that was started, 2 for the next ...', 1),
        state: s.choice<WorkerState>('As states.md has it.', every(workerStates), 'ready'),
        servedSeconds: s.nullable(
          s.wholeAmount('Since it was ready; null: it has not been.', 's', 11_218),
        ),
        application: s.nullable(
          s.positive('Its Python; null: it has none, or is not ready.', 4713),
        ),
        answered: s.count('Requests that it has answered.', 61_000),
        ...told,
      },
      'Worker',
    ),
  ),
});

const answered = s.counts(
  'Requests that were answered, by class of their status; "none": their clients had gone.',
  { '2xx': 6000, '4xx': 150 },
);
const unserved = s.counts(
  'Requests that found no thread in time, by the code of their log lines (errors.md).',
  { 'queue-full': 2 },
);
export const refused = s.counts(
  'What limits of clients refused, by reason and limit; "dry ...": only would have been.',
  { 'rate login': 9, connections: 31 },
);
const histogram = (description: string): s.Schema<answers.Histogram> =>
  s.object<answers.Histogram>(description, {
    boundsMs: s.list(
      'Upper bounds of the buckets; one more bucket has what is longer.',
      s.amount('A bound.', 'ms', BOUNDS_MS[0] ?? 0),
    ),
    counts: s.list(
      'How many were in each bucket and in none before it: one more than there are bounds.',
      s.count('How many.', 12),
    ),
    sumMs: s.amount('Of all that were counted.', 'ms', 7400),
  });
const quantiles = (description: string): s.Schema<Quantiles> =>
  s.object<Quantiles>(description, {
    p50: s.nullable(s.amount('Half took no longer; null: there were none.', 'ms', 1.2)),
    p99: s.nullable(s.amount('99 of 100 took no longer; null: there were none.', 'ms', 31)),
  });

export const TrafficNow = s.object<answers.TrafficNow>(
  'Since the start of the server, over all workers that it had.',
  {
    answered,
    unserved,
    refused,
    durations: histogram('From the last byte of a request until its response had left.'),
    queueWaits: histogram('From the last byte of a request until a thread began it.'),
    lately: s.object<answers.TrafficNow['lately']>('The same of about five seconds.', {
      seconds: s.amount('How long that is; 0 just after the start.', 's', 5),
      perSecond: s.amount('Requests answered.', 'requests/s', 1235),
      durationMs: quantiles('From the last byte of a request until its response had left.'),
      queueWaitMs: quantiles('From the last byte of a request until a thread began it.'),
      answered,
      unserved,
      refused,
    }),
  },
);

const eventKinds: Readonly<Record<EventKind, true>> = {
  'timed out': true,
  interrupted: true,
  'thread died': true,
  shed: true,
  limited: true,
  'worker replaced': true,
  'worker ended': true,
  reload: true,
  'accepting paused': true,
};

export const Events = s.object<answers.Events>('What was.', {
  events: s.list(
    'The last 200, oldest first.',
    s.object<LiveEvent>(
      'Something that an operator would ask about.',
      {
        id: s.positive('1, 2, 3 ... over the life of the arbiter.', 17),
        atMs: s.amount('When it was: wall clock, since 1970 (Unix).', 'ms', 1_795_900_000_000),
        kind: s.choice<EventKind>('What it was.', every(eventKinds), 'timed out'),
        count: s.count('How often: what goes on is added up.', 2),
        worker: s.nullable(worker, 'null: several, or none.'),
        why: s.text('A sentence for people.', 'GET /report ran for 30.0 s (timeout 30).'),
      },
      'Event',
    ),
  ),
});

export const SettingsNow = s.object<answers.SettingsNow>('All settings.', {
  settings: s.list(
    'In the order of settings.md.',
    s.object<answers.OneSetting>(
      'A setting.',
      {
        name: s.text('As in a config file.', 'queue_limit'),
        value: s.anything('As settings.schema.json has it; null: not set. Secrets are hidden.', 64),
        source: s.nullable(
          s.text('Where it was set; null: nobody knows.', 'command line --queue-limit'),
        ),
      },
      'Setting',
    ),
  ),
});

export const Scaled = s.object<answers.Scaled>('It has begun.', {
  workers: s.count('How many there will be.', 4),
});

export const Begun = s.object<answers.Begun>('It has begun.', { phase });
