// What comes on a connection before its first request: the TLS handshake. Says what of it the edge has seen, to the
// connection's states and to the worker.

import type { ConnectionContext } from './context.ts';
import type { OpenConnection } from './effects.ts';
import type { Origin } from './origin.ts';
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
  readonly #origin: Origin;

  constructor(context: ConnectionContext, owner: BeginningOwner, origin: Origin) {
    this.#context = context;
    this.#owner = owner;
    this.#origin = origin;
  }

  /** The TLS handshake is done; what follows is HTTP. `certificate`: as Peer has it. */
  secured(certificate?: string | null): void {
    if (this.#owner.state.reading !== 'handshake') return;
    if (certificate !== undefined) this.#origin.showed(certificate);
    this.#owner.read('handshake done');
    this.#context.surroundings.idle(this.#owner);
  }

  /** The TLS handshake failed; `closed` follows. */
  handshakeFailed(detail: string): void {
    if (this.#owner.state.reading !== 'handshake') return;
    this.#context.surroundings.handshakeFailed(this.#owner, detail);
  }
}
