// The end that a client sends, and what becomes of its connection then and in the states that follow: what the tables of states.ts
// say for the pair that it is in, and whether the client still waits for its answers.

import type { Exchange } from './answering/exchange.ts';
import type { ConnectionContext } from './context.ts';
import type { PairDeadlines } from './pair-deadlines.ts';
import { refuseIfOverloaded } from './passed-deadlines.ts';
import { OWING, READING } from './states/states.ts';
import type { ConnectionState } from './states/transition.ts';

/** The connection whose client it is. */
interface Ended {
  readonly state: ConnectionState;
  readonly deadlines: PairDeadlines;
  readonly exchange: Exchange | null;
  abandon(reset: boolean): void;
  /** The application has the connection: it hears of the end, and may still send what it likes. */
  endUpgraded(): void;
}

export class ClientEnd {
  readonly #connection: Ended;
  readonly #context: Pick<ConnectionContext, 'requests' | 'halfClosedGraceMs'>;
  #hasCome = false;
  #waitsOn = false;

  constructor(
    connection: Ended,
    context: Pick<ConnectionContext, 'requests' | 'halfClosedGraceMs'>,
  ) {
    this.#connection = connection;
    this.#context = context;
  }

  get hasCome(): boolean {
    return this.#hasCome;
  }

  /** It came right behind the requests: the client waits for the answers. */
  get waitsOn(): boolean {
    return this.#waitsOn;
  }

  /** @param isPrompt the client was heard a moment ago */
  come(isPrompt: boolean): void {
    if (this.#hasCome || this.#connection.state.reading === 'closed') return;
    this.#hasCome = true;
    this.#waitsOn = isPrompt;
    this.follow();
  }

  /** What follows from it in the state that the connection is in now; nothing while it has not come. */
  follow(): void {
    const { exchange, state } = this.#connection;
    const { reading, owing } = state;
    if (!this.#hasCome || reading === 'closed') return;
    if (reading === 'upgraded') {
      this.#connection.endUpgraded();
      return;
    }
    const endings = [READING[reading].whenClientEnds, OWING[owing].whenClientEnds];
    const isOver = !this.#waitsOn && endings.includes('close if late');
    if (isOver || endings.includes('close')) this.#connection.abandon(false);
    else if (endings.includes('tell or finish')) this.#whileItRuns();
    else if (owing === 'queued') refuseIfOverloaded(exchange, this.#context.requests);
  }

  /**
   * A Node.js application is told that its client has gone, at once as by node:http, whose programs stop their work then. Of WSGI
   * it cannot be known whether somebody still reads: what runs is answered, and the log told who had given up first.
   */
  #whileItRuns(): void {
    const { deadlines, exchange } = this.#connection;
    const isTold = this.#context.halfClosedGraceMs > 0;
    if (!this.#waitsOn && isTold) this.#connection.abandon(false);
    else if (!this.#waitsOn) exchange?.endedBy('C');
    else if (isTold) deadlines.clientEnded();
  }
}
