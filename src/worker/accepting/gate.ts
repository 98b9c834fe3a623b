// What becomes of an accepted handle: a connection, or nothing, because its client has gone or limits turn it away.

import type { ConnectionContext } from '../../connection/context.ts';
import { type AcceptedHandle, openConnection } from '../../connection/edge/socket.ts';
import { openSecureConnection, type TlsTerms } from '../../connection/edge/tls.ts';
import type { OpenConnection } from '../../connection/effects.ts';
import type { Peer } from '../../threads/app-thread.ts';
import type { ListenerAddress } from '../../wire/arbiter-worker.ts';
import { TurnedAway, type TurnedAwayParts } from './turned-away.ts';

export interface GateParts extends TurnedAwayParts {
  readonly context: ConnectionContext;
  /** null: no TLS. */
  readonly tls: TlsTerms | null;
}

export class Gate {
  readonly #parts: GateParts;
  readonly turnedAway: TurnedAway;

  constructor(parts: GateParts) {
    this.#parts = parts;
    this.turnedAway = new TurnedAway(parts);
  }

  /** null: nothing came of it; `released` is called, now or later. `listener`: which it came by. */
  open(handle: AcceptedHandle, listener: ListenerAddress | undefined): OpenConnection | null {
    const { context, tls } = this.#parts;
    const peerOf = (address: string, port: number): Peer => ({
      address,
      port,
      serverName: listener?.host ?? '',
      serverPort: listener?.port ?? 0,
      scheme: tls === null ? 'http' : 'https',
    });
    const opened =
      tls === null
        ? openConnection(handle, context, peerOf)
        : openSecureConnection(handle, context, peerOf, tls);
    if (opened === 'turned away') this.turnedAway.take(handle, context.now());
    else if (opened !== null) return opened;
    else {
      handle.close();
      this.#parts.released();
    }
    return null;
  }
}
