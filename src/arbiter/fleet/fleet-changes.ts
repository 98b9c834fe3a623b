// How often workers were to be replaced and how they ended, since the start of the server, for metrics; and why each was, as an
// event, with how reloads went.

import type { Counts } from '../../wire/tally.ts';
import type { EventList } from '../telemetry/events.ts';
import { lifeInWords } from './fleet-words.ts';
import type { Death, Replacement } from './worker-handle.ts';
import { type WorkerLimits, workerStates } from './worker-states.ts';

/** `killed`: by the arbiter, because it did not answer or end in time. */
type End = 'left' | 'killed' | 'died';
/** `routine`: as the settings want it. */
type Cause = 'routine' | 'trouble';

export class FleetChanges {
  readonly #events: EventList;
  readonly #ends: Record<End, number> = { left: 0, killed: 0, died: 0 };
  readonly #timedOut: Partial<Record<keyof WorkerLimits, number>> = {};
  readonly #causes: Record<Cause, number> = { routine: 0, trouble: 0 };

  constructor(events: EventList) {
    this.#events = events;
  }

  /** By the deadline that had passed, of those that the arbiter killed. */
  get timedOut(): Counts {
    return { ...this.#timedOut };
  }

  get ends(): Counts {
    return { ...this.#ends };
  }

  /** Why workers were to be replaced one by one; a reload is not among it. */
  get causes(): Counts {
    return { ...this.#causes };
  }

  ended(pid: number, death: Death): void {
    const { byUs, code } = death;
    const ofItself = code === 0 ? 'left' : 'died';
    const end = byUs ? 'killed' : ofItself;
    this.#ends[end] += 1;
    if (byUs) {
      const deadline = deadlineOf(death);
      this.#timedOut[deadline] = (this.#timedOut[deadline] ?? 0) + 1;
    }
    // Who leaves was told to, and why that was is told by itself.
    if (end !== 'left') this.#events.tell('worker ended', pid, whyEnded(pid, death));
  }

  replaced(pid: number, { reason, routine }: Replacement): void {
    this.#causes[routine ? 'routine' : 'trouble'] += 1;
    this.#events.tell(
      'worker replaced',
      pid,
      `Worker ${pid} is replaced, the new one first: ${reason}.`,
    );
  }

  /** `sentence`: what became of it. */
  reload(sentence: string): void {
    // A traceback is in the log.
    this.#events.tell('reload', null, sentence.split('\n', 1)[0] ?? '');
  }
}

/** By the deadline that had passed. */
const KILLED_FOR: { readonly [D in keyof WorkerLimits]: string } = {
  boot: 'it had not loaded the application within boot_timeout',
  hook: 'a hook that it waited for did not return within hook_timeout',
  silence: 'its I/O loop gave no sign of life for longer than timeout allows',
  graceful: 'requests under way had not ended within graceful_timeout',
  quit: 'it was told to quit and did not end',
  death: 'it did not end',
};

function deadlineOf({ during }: Death): keyof WorkerLimits {
  return during === 'dead' ? 'death' : workerStates[during].deadline;
}

function whyEnded(pid: number, death: Death): string {
  const { byUs, code, signal } = death;
  const when = lifeInWords(death);
  if (byUs) {
    return `Worker ${pid} was killed ${when}: ${KILLED_FOR[deadlineOf(death)]}.`;
  }
  const how = code === null ? `by ${signal ?? 'an unknown signal'}` : `with exit code ${code}`;
  const perhaps = signal === 'SIGKILL' ? '; perhaps the system was short of memory' : '';
  return `Worker ${pid} ended ${how} ${when}${perhaps}.`;
}
