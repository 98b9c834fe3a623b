// The close of a connection that waits for its client and has no request, whoever wants it: a deadline, a worker at its limit, one
// that drains. There is one way, because a close that leaves bytes unread is a RST, and the client's request is lost: the
// socket is looked at once more, and whoever turns out to have sent something is served.

import type { Effects, Surroundings } from './effects.ts';
import { READING } from './states/states.ts';
import type { ConnectionState } from './states/transition.ts';

/** The connection that is to go. */
interface Idle {
  readonly state: ConnectionState;
  abandon(reset: boolean): void;
  /** Sends our end; what the client sends is read and dropped until it has seen that. */
  part(): void;
}

export class Parting {
  readonly #connection: Idle;
  readonly #effects: Effects;
  readonly #surroundings: Pick<Surroundings, 'draining'>;
  /** It goes unless it turns out to have sent something. */
  #isDue = false;

  constructor(connection: Idle, effects: Effects, surroundings: Pick<Surroundings, 'draining'>) {
    this.#connection = connection;
    this.#effects = effects;
    this.#surroundings = surroundings;
  }

  /** Its time is up. Nothing if a request is under way. */
  begin(): void {
    if (this.#isDue || !this.#isIdle) return;
    this.#isDue = true;
    this.#effects.look();
  }

  /** The reading half has moved: something has come, and what comes next has its own time. */
  moved(): void {
    this.#isDue = false;
  }

  /** All that had come when it was asked for has been read. */
  looked(): void {
    if (!this.#isDue || !this.#isIdle) return;
    this.#isDue = false;
    const { reading } = this.#connection.state;
    // Nobody waits for its place, so that a request which crosses our end need not meet a RST.
    const hasTime = this.#surroundings.draining && (reading === 'new' || reading === 'keep-alive');
    if (hasTime) this.#connection.part();
    else this.#connection.abandon(false);
  }

  get #isIdle(): boolean {
    const { reading, owing } = this.#connection.state;
    return reading !== 'closed' && READING[reading].givesWay && owing === 'nothing';
  }
}
