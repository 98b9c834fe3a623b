// What the answers of the control socket about threads, connections and requests consist of. The rest is in described-server.ts.

import { STATE_NAMES } from '../../connection/states/state-names.ts';
import type { RequestLook } from '../../wire/look.ts';
import type * as answers from './answers.ts';
import { refused, worker } from './described-server.ts';
import * as s from './schema.ts';

/** What `state` of a connection can be: what the worker is about to close has no state of the table any more. */
export const CONNECTION_STATES: readonly string[] = [...STATE_NAMES, 'closing'];

const silent = s.list(
  'Workers that did not answer within 80 ms, by process id: what they have is missing here.',
  s.positive('A process id.', 4712),
);
const request: s.MembersOf<RequestLook> = {
  method: s.text('As the client wrote it.', 'GET'),
  path: s.text('Without the query, which may hold a secret.', '/report'),
  client: s.text(
    'Address and port of the client, or what a trusted proxy says it is.',
    '127.0.0.1:49200',
  ),
  ageMs: s.amount('Since the request was handed on, its waits included.', 'ms', 12_300),
  ranMs: s.nullable(s.amount('Since the application began it; null: it has not.', 'ms', 12_298)),
};
const Request = s.object<RequestLook>('A request that a worker has.', request, 'Request');

const threadName = s.text(
  'Within its worker; its number is what paths and commands take.',
  'thread 1',
);
const stack = s.text(
  'Where it is right now, one call a line or two.',
  '  File "/srv/shop/reports.py", line 41, in monthly',
);

export const Threads = s.object<answers.Threads>('All threads.', {
  threads: s.list(
    'By worker and number.',
    s.object<answers.OneThread>(
      'A thread that runs the application.',
      {
        worker,
        name: threadName,
        state: s.choice<string>(
          'booting: loads the application; stuck: does not answer and is being replaced.',
          ['booting', 'ready', 'stuck', 'dead'],
          'ready',
        ),
        load: s.count('Requests that it has.', 1),
        places: s.count('How many it can run at once.', 1),
        requests: s.list('Its requests, the one that it has had for longest first.', Request),
        stack: s.optional(
          s.nullable(
            stack,
            'Only where stacks are asked for. null: it is idle or in native code, or did not answer.',
          ),
        ),
      },
      'Thread',
    ),
  ),
  silent,
});

export const StackNow = s.object<answers.StackNow>('Where a thread is.', {
  worker,
  thread: threadName,
  stack: s.nullable(stack, 'null: it is idle or in native code.'),
});

export const Interrupted = s.object<answers.Interrupted>('It is done.', {
  worker,
  thread: threadName,
  requests: s.count('How many requests it ran that were interrupted.', 1),
});

export const Connections = s.object<answers.Connections>('Open connections.', {
  open: s.count('How many there are, of all workers that answered.', 120),
  states: s.counts('How many are in each state that one is in.', { running: 4, 'keep-alive': 100 }),
  matching: s.count('How many fit the question.', 4),
  connections: s.list(
    'Those of them that have been open for longest, `limit` at most.',
    s.object<answers.OneConnection>(
      'A connection of a client.',
      {
        worker,
        client: s.text('Address and port; of a trusted proxy what it says.', '127.0.0.1:49200'),
        state: s.choice<string>('As states.md has it.', CONNECTION_STATES, 'running'),
        waitsFor: s.text('What ends the state, for people.', 'the application'),
        ageMs: s.amount('Since it was accepted.', 'ms', 12_400),
        deadline: s.nullable(
          s.object('What ends the wait.', {
            setting: s.nullable(s.text('Which setting wants it so; null: none.', 'timeout')),
            inMs: s.difference(
              'How long until then; below 0: it is just being done.',
              'ms',
              17_700,
            ),
          }),
          'null: nothing ends it, the application was given its own time.',
        ),
        request: s.nullable(Request, 'null: no request of it is under way.'),
        thread: s.nullable(threadName, 'null: no thread has its request.'),
      },
      'Connection',
    ),
  ),
  silent,
});

export const Queue = s.object<answers.Queue>('Requests that wait for a thread.', {
  length: s.count('How many there are.', 3),
  requests: s.list(
    'The one that has waited longest first, 1000 of each worker at most.',
    s.object<answers.WaitingRequest>('A request that waits.', {
      ...request,
      worker,
      inMs: s.nullable(
        s.difference('Until it is answered 503; null: nothing ends its wait.', 'ms', 28_000),
      ),
    }),
  ),
  silent,
});

export const Limited = s.object<answers.Limited>('What limits of clients refuse.', {
  refused: s.counts('Since the start of the server, by reason and limit.', { 'rate login': 340 }),
  lately: s.object('The same of about five seconds.', {
    seconds: s.amount('How long that is; 0 just after the start.', 's', 5),
    refused,
  }),
  clients: s.list(
    'Whoever was refused most lately first.',
    s.object<answers.LimitedClient>(
      'A client or key that one limit refused, or would have.',
      {
        reason: s.choice<string>(
          'What was limited.',
          ['denied', 'connections', 'requests at once', 'rate'],
          'rate',
        ),
        limit: s.text('The name of the limit of a rate; else empty.', 'login'),
        by: s.text('What is counted: address, everybody, function or header:NAME.', 'address'),
        key: s.text(
          'Whose count it is: an address or network; of what clients send the beginning of its SHA-256.',
          '198.51.100.20',
        ),
        client: s.text('Whose request or connection was the last of it.', '198.51.100.20'),
        dry: s.flag('It only would have been refused (limit_dry_run).', false),
        refused: s.count('How often.', 340),
        lately: s.count('How often in the last ten seconds.', 17),
        sinceMs: s.amount('How long ago the first of them was.', 'ms', 245_000),
        lastMs: s.amount('How long ago the last of them was.', 'ms', 400),
        retryMs: s.amount('Until it would be let through; 0: now, or nobody knows.', 'ms', 8000),
        rule: s.nullable(
          s.text(
            'The limit; null: the settings that hold now have none such.',
            '5/m for POST /login',
          ),
        ),
        set: s.nullable(s.text('Where that was set; null as `rule`.', 'tunicorn.config.ts:12')),
      },
      'LimitedClient',
    ),
  ),
  unlisted: s.count('How many were refused of clients that are not in the list.', 0),
  silent,
});
