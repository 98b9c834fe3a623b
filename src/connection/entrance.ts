// Whether a connection may come at all, by the limits of clients: judged when it is accepted, before TLS; behind a PROXY header when
// that has named the client; and not here where a trusted proxy names a client with each request (isOfRequests, which explain asks,
// too). Has the place of the connection among those of its client, and gives it back once.

import { ENTERED, type Entry } from '../limits/verdict.ts';
import type { Standing } from '../proxy/standing.ts';
import type { ConnectionContext } from './context.ts';

/** Not the connection is judged but each of its requests, by the client that it names. */
export function isOfRequests({ forwards }: Pick<Standing, 'forwards'>, readsForwarded: boolean) {
  return forwards && readsForwarded;
}

export class Entrance {
  readonly #admission: ConnectionContext['admission'];
  /** `asked`: those who count for all workers have not answered yet. */
  #stage: 'unknown' | 'asked' | 'judged' = 'unknown';
  #entry: Entry = ENTERED;
  #left = false;
  /** What was asked is answered: it may stay, or not. */
  onEntered: (() => void) | null = null;
  onRefused: (() => void) | null = null;

  constructor({ admission }: Pick<ConnectionContext, 'admission'>) {
    this.#admission = admission;
  }

  /** Its client was judged, or is being judged: only one that a request names is to be judged again. */
  get known(): boolean {
    return this.#stage !== 'unknown';
  }

  /** Nothing of it goes on before `onEntered`. */
  get isAsked(): boolean {
    return this.#stage === 'asked';
  }

  /** False: it is turned away. `introduced`: a PROXY header has come, or none will. */
  mayCome(address: string, standing: Standing, introduced = false): boolean {
    const admission = this.#admission;
    // A client of a unix socket has no address.
    if (admission === null || this.known || address === '') return true;
    if (standing.introduces && !introduced) return true;
    if (isOfRequests(standing, admission.readsForwarded)) return true;
    const entry = admission.enter(address);
    if (!('then' in entry)) {
      this.#stage = 'judged';
      this.#entry = entry;
      return !entry.refused;
    }
    this.#stage = 'asked';
    entry.then(
      (found) => this.#came(found),
      () => this.#came(ENTERED),
    );
    return true;
  }

  /** No word has come in time: it stays, whatever is said later. */
  letIn(): void {
    if (this.isAsked) this.#stage = 'judged';
  }

  /** The connection is closed. */
  leave(): void {
    this.#left = true;
    const { place } = this.#entry;
    this.#entry = ENTERED;
    if (place !== null) this.#admission?.leave(place);
  }

  #came(entry: Entry): void {
    const isAwaited = this.isAsked;
    this.#stage = 'judged';
    this.#entry = entry;
    if (this.#left) this.leave();
    else if (!isAwaited) return;
    else if (entry.refused) this.onRefused?.();
    else this.onEntered?.();
  }
}
