// What comes on a connection before its first request: a PROXY header, the TLS handshake. Says what of it has come, to the
// connection's states and to the worker. The header is read without TLS, because proxies send it before they shake hands.

import { type ProxyHeader, ProxyHeaderReader, type ProxyOutcome } from '../proxy/header.ts';
import type { Standing } from '../proxy/standing.ts';
import type { Peer } from '../threads/app-thread.ts';
import type { Asking } from './asking.ts';
import type { ConnectionContext } from './context.ts';
import type { OpenConnection } from './effects.ts';
import type { Origin } from './origin.ts';
import type { FirstReading, ReadingEvent } from './states/states.ts';
import type { ConnectionState } from './states/transition.ts';

/** How a connection begins: with the PROXY header where one may come, else with what comes without it. */
export function firstReading(
  { proxies }: ConnectionContext,
  without: 'handshake' | 'new',
): FirstReading {
  return (proxies?.versions ?? null) === null ? without : 'proxy';
}

/** The connection that begins. */
export interface BeginningOwner extends OpenConnection {
  readonly state: ConnectionState;
  readonly asking: Asking;
  /** Moves the reading half and its deadline. */
  read(event: ReadingEvent): void;
  refuse(status: number, code: string, detail: string): void;
  abandon(reset: boolean): void;
}

export class Beginning {
  readonly #context: ConnectionContext;
  readonly #owner: BeginningOwner;
  readonly #origin: Origin;
  readonly #standing: Standing;
  /** Null when no header is expected, and once it has come. */
  #header: ProxyHeaderReader | null = null;

  constructor(
    context: ConnectionContext,
    owner: BeginningOwner,
    origin: Origin,
    standing: Standing,
  ) {
    this.#context = context;
    this.#owner = owner;
    this.#origin = origin;
    this.#standing = standing;
    const versions = context.proxies?.versions ?? null;
    if (owner.state.reading !== 'proxy' || versions === null) return;
    this.#header = new ProxyHeaderReader(versions, standing.introduces);
  }

  /**
   * Bytes while a PROXY header is waited for, from `from` on; valid only during the call. Answers the offset after those
   * that were used, and `held`: bytes of earlier pieces that turned out to be none of a header and come before the rest.
   * More is to come as long as the state is `proxy`.
   */
  proxyBytes(bytes: Buffer, from: number): { readonly next: number; readonly held: Buffer | null } {
    const next = this.#header?.read(bytes, from) ?? from;
    const outcome = this.#header?.outcome ?? null;
    if (outcome === null) return { next, held: null };
    this.#header = null;
    this.#decided(outcome);
    return { next, held: outcome.kind === 'none' ? outcome.held : null };
  }

  #decided(outcome: ProxyOutcome): void {
    if (outcome.kind === 'error') this.#refuse(outcome.code, outcome.detail);
    else {
      const standing =
        outcome.kind === 'header' ? this.#introduced(outcome.header) : this.#standing;
      const { asking, peer } = this.#owner;
      if (!asking.entrance.mayCome(peer.address, standing, true)) {
        this.#owner.abandon(true);
        return;
      }
      this.#owner.read(this.#isSecure ? 'introduced, TLS' : 'introduced');
      this.#context.surroundings.idle(this.#owner);
    }
  }

  /** Who speaks TLS would not understand an answer without. */
  #refuse(code: 'bad-proxy-header' | 'proxy-not-allowed', detail: string): void {
    const status = code === 'proxy-not-allowed' ? 403 : 400;
    this.#context.surroundings.busy(this.#owner);
    if (!this.#isSecure) this.#owner.refuse(status, code, detail);
    else {
      this.#context.surroundings.refused(this.#owner, status, code, detail);
      this.#owner.abandon(false);
    }
  }

  /** Answers the standing of whom it names; one that names nobody leaves that of who is connected. */
  #introduced({ protocol, client, server }: ProxyHeader): Standing {
    const { proxies } = this.#context;
    const standing =
      client === null || proxies === null
        ? this.#standing
        : proxies.standingOfNamed(this.#standing, client.address);
    this.#origin.introduce({ protocol, server }, client, standing.forwards);
    return standing;
  }

  get #isSecure(): boolean {
    return this.#owner.peer.scheme === 'https';
  }

  /** The TLS handshake is done; what follows is HTTP. */
  secured(seen: Pick<Peer, 'certificate' | 'tls'> = {}): void {
    if (this.#owner.state.reading !== 'handshake') return;
    this.#origin.showed(seen);
    this.#owner.read('handshake done');
    this.#context.surroundings.idle(this.#owner);
  }

  /** The TLS handshake failed; `closed` follows. */
  handshakeFailed(detail: string): void {
    if (this.#owner.state.reading !== 'handshake') return;
    this.#context.surroundings.handshakeFailed(this.#owner, detail);
  }
}
