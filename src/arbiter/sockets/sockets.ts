// The listening sockets of one stage. Where nobody said where to listen that goes by the application: a program names its address
// when it is loaded, and the first worker to tell of it has the sockets made. All others listen there, too.

import type { BindAddress } from '../../settings/bind.ts';
import type { AskedAddress } from '../../wire/addresses.ts';
import type { ListenerAddress } from '../../wire/arbiter-worker.ts';
import type { Listener } from './listeners.ts';

/** Rejects when it is called off. */
type Bind = (address: BindAddress, stopped: AbortSignal) => Promise<readonly Listener[]>;

export class Sockets {
  readonly #bind: Bind;
  readonly #scheme: 'http' | 'https';
  readonly #unnamed: BindAddress;
  #before: Sockets | null;
  #listeners: readonly Listener[] | null;
  #binding: Promise<readonly ListenerAddress[]> | null = null;
  readonly #closed = new AbortController();

  /**
   * `listeners`: those that there are; null: they are made by `bind` when it is known where, or have been by then for the stage
   * that serves (`before`). `unnamed`: where an application listens that names no address.
   */
  constructor(
    listeners: readonly Listener[] | null,
    scheme: 'http' | 'https',
    unnamed: BindAddress,
    before: Sockets | null,
    bind: Bind,
  ) {
    this.#listeners = listeners;
    this.#scheme = scheme;
    this.#unnamed = unnamed;
    this.#before = listeners === null ? before : null;
    this.#bind = bind;
  }

  /** Those that there are by now. */
  get all(): readonly Listener[] {
    return this.#listeners ?? [];
  }

  /** What workers are told of them; null: that is not known yet. */
  get addresses(): readonly ListenerAddress[] | null {
    if (this.#listeners === null) return null;
    // One that was kept over a reload may have had another place in the list, and TLS or not.
    return this.#listeners.map(({ address }, index) => {
      return { ...address, index, label: address.label.replace(/^https?:/, `${this.#scheme}:`) };
    });
  }

  /** "http://127.0.0.1:8000", "unix:/run/app.sock" */
  get labels(): readonly string[] {
    return (this.addresses ?? []).map(({ label }) => label);
  }

  /** Makes them, if nobody has yet. Rejects with a sentence for people; who asks then tries again. */
  listen(asked: AskedAddress | null): Promise<readonly ListenerAddress[]> {
    this.#binding ??= this.#make(asked).catch((error: unknown) => {
      this.#binding = null;
      throw error;
    });
    return this.#binding;
  }

  /** Nobody is to listen any more: what is being made is closed when it is there. */
  close(): void {
    this.#closed.abort(new Error('The server stops.'));
  }

  async #make(asked: AskedAddress | null): Promise<readonly ListenerAddress[]> {
    if (this.#listeners === null) {
      await this.#before?.listen(asked);
      const to = asked === null ? this.#unnamed : bindOf(asked);
      const made = this.#before?.all ?? (await this.#bind(to, this.#closed.signal));
      this.#before = null;
      if (this.#closed.signal.aborted) {
        for (const each of made) each.close();
        throw this.#closed.signal.reason;
      }
      this.#listeners = made;
    }
    return this.addresses ?? [];
  }
}

/** Node.js listens on every address, of IPv4 as well, where a program names none. */
function bindOf(asked: AskedAddress): BindAddress {
  if (asked.kind === 'path') return { kind: 'unix', path: asked.path, opens: asked.opens ?? 0 };
  const { host, port, ipv6Only = false } = asked;
  return { kind: 'tcp', host: host ?? '::', port, ipv6Only };
}
