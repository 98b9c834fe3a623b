// Makes events of what workers tell: of their counts, which come with heartbeats, and of single requests and threads that came to
// grief, which they tell at once. Here stand the sentences, with the settings that wanted it so.

import { readRefused } from '../../limits/refusals.ts';
import type { Settings } from '../../settings/settings.ts';
import type { Trouble } from '../../wire/arbiter-worker.ts';
import type { EventKind } from '../../wire/live.ts';
import type { EventList } from './events.ts';
import type { Sums } from './tally-sums.ts';
import type { TrafficWatcher } from './traffic.ts';

interface CountedFailure {
  readonly kind: EventKind;
  /** Behind "3 requests". */
  words(settings: Settings): string;
}

/** By the code of their lines in the log (docs/errors.md); what is not here is no event or is told at once. */
const FAILURES: Readonly<Record<string, CountedFailure>> = {
  'too-slow': {
    kind: 'timed out',
    words: ({ head_timeout, body_timeout }) =>
      `answered 408: a head or a body was not complete in time (head_timeout ${head_timeout} s, body_timeout ${body_timeout} s, body_min_rate)`,
  },
  'queue-full': {
    kind: 'shed',
    words: ({ queue_limit }) =>
      `answered 503: all threads were busy and queue_limit (${queue_limit}) requests waited already`,
  },
  'queue-shed': {
    kind: 'shed',
    words: ({ queue_target, queue_interval }) =>
      `answered 503: every request had waited longer than queue_target (${queue_target} s) for queue_interval (${queue_interval} s), and these twice as long`,
  },
  'queue-timeout': {
    kind: 'shed',
    words: ({ queue_timeout }) =>
      `answered 503: no thread was free within queue_timeout (${queue_timeout} s)`,
  },
  'client-ended': {
    kind: 'shed',
    words: () =>
      'answered 503 and did not run: all had waited for half a second, and their clients had sent their end',
  },
  'gave-way': {
    kind: 'shed',
    words: ({ worker_spool }) =>
      `cut off: others waited for a thread, their clients read nothing, and temporary files were full (worker_spool ${worker_spool})`,
  },
};

const TROUBLES: { readonly [A in Trouble['about']]: { kind: EventKind; words: string } | null } = {
  overdue: { kind: 'timed out', words: 'requests took longer than they may.' },
  interrupted: { kind: 'interrupted', words: 'requests were interrupted by an operator.' },
  died: { kind: 'thread died', words: 'threads ended.' },
  // Those are counted with heartbeats; this is an example.
  shed: null,
};

/** A worker, as far as its events need it. */
export interface Teller {
  readonly pid: number;
  readonly counts: { readonly mostConnections: number } | null;
}

export interface EventWatchParts {
  readonly events: EventList;
  settings(): Settings;
  /** null: nobody knows it any more. */
  teller(worker: object): Teller | null;
}

export class EventWatch implements TrafficWatcher {
  readonly #parts: EventWatchParts;

  constructor(parts: EventWatchParts) {
    this.#parts = parts;
  }

  counted(worker: object, { failed, refused, amounts }: Sums): void {
    const teller = this.#parts.teller(worker);
    if (teller === null) return;
    const { pid } = teller;
    const { events } = this.#parts;
    for (const [code, count] of Object.entries(failed)) {
      const failure = FAILURES[code];
      if (failure === undefined || count <= 0) continue;
      const why = failure.words(this.#parts.settings());
      const words = (all: number): string => `${some(all, 'request')} ${was(all)} ${why}.`;
      events.repeat({ kind: failure.kind, reason: code, count, worker: pid, words });
    }
    for (const [what, count] of Object.entries(refused)) {
      if (count <= 0) continue;
      const words = limitedWords(what, this.#parts.settings());
      events.repeat({ kind: 'limited', reason: `limited ${what}`, count, worker: pid, words });
    }
    if (amounts.acceptPauses > 0) this.#paused(teller, amounts.acceptPauses);
  }

  trouble(worker: object, { about, code, count, sentence }: Trouble): void {
    const pid = this.#parts.teller(worker)?.pid;
    if (pid === undefined) return;
    this.#parts.events.example(code, sentence);
    const trouble = TROUBLES[about];
    if (trouble === null) return;
    const words = (all: number): string => (all === 1 ? '' : `${all} ${trouble.words}`);
    this.#parts.events.repeat({ kind: trouble.kind, reason: code, count, worker: pid, words });
  }

  #paused({ pid, counts }: Teller, count: number): void {
    const { worker_connections: most } = this.#parts.settings();
    const isFull = (counts?.mostConnections ?? 0) >= most;
    const why = isFull
      ? `worker_connections (${most}) were open`
      : 'no more could be had, file descriptors for example (ulimit -n)';
    this.#parts.events.repeat({
      kind: 'accepting paused',
      reason: `paused ${isFull ? 'full' : 'otherwise'}`,
      count,
      worker: pid,
      words: (all) =>
        `Accepting paused ${all === 1 ? 'once' : `${all} times`}, because ${why}. It goes on when a connection closes.`,
    });
  }
}

/** @param what as workers call it: "rate login", "dry connections" */
function limitedWords(what: string, settings: Settings): (count: number) => string {
  const { reason, isDry } = readRefused(what);
  const [of, by] = refusedBy(reason, settings);
  return (count) =>
    isDry
      ? `${some(count, of)} would have been refused by ${by} (limit_dry_run).`
      : `${some(count, of)} ${was(count)} refused by ${by}.`;
}

function refusedBy(reason: string, settings: Settings): [of: string, by: string] {
  if (reason.startsWith('rate ')) return ['request', `the limit "${reason.slice('rate '.length)}"`];
  if (reason === 'denied') return ['client', 'allow or deny'];
  const by = `limit_connections (${settings.limit_connections})`;
  return [reason === 'connections' ? 'connection' : 'request', by];
}

function some(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}

function was(count: number): string {
  return count === 1 ? 'was' : 'were';
}
