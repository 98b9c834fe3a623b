// What comes on a connection before its first request: the TLS handshake. Says what of it the edge has seen, to the
// connection's states and to the worker.

import type { ConnectionContext } from './context.ts';
import type { OpenConnection } from './effects.ts';
import type { ReadingEvent } from './states.ts';
import type { ConnectionState } from './transition.ts';

/** The connection that begins. */
export interface BeginningOwner extends OpenConnection {
  readonly state: ConnectionState;
  /** Moves the reading half and its deadline. */
  read(event: ReadingEvent): void;
}

export class Beginning {
  readonly #context: ConnectionContext;
  readonly #owner: BeginningOwner;

  constructor(context: ConnectionContext, owner: BeginningOwner) {
    this.#context = context;
    this.#owner = owner;
  }

  /** The TLS handshake is done; what follows is HTTP. */
  secured(): void {
    if (this.#owner.state.reading !== 'handshake') return;
    this.#owner.read('handshake done');
    this.#context.surroundings.idle(this.#owner);
  }

  /** The TLS handshake failed; `closed` follows. */
  handshakeFailed(detail: string): void {
    if (this.#owner.state.reading !== 'handshake') return;
    this.#context.surroundings.handshakeFailed(this.#owner, detail);
  }
}
