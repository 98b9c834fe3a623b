// The arbiter before this one and the one after it, which serve on the same listening sockets (SIGUSR2): who of them lives,
// when this one is the only one, and what becomes of a socket that nobody here listens on any more.

import type { Log } from '../../observe/log.ts';
import type { Listener } from '../sockets/listeners.ts';
import { Heir } from './heir.ts';
import { closeAbandoned } from './inheritance.ts';
import type { Origin } from './origin.ts';
import { besides, removeLeft } from './pid-file.ts';

/** The arbiter, as far as there may be others. */
export interface LineageOwner {
  /** Asked for anew for each line. */
  readonly log: Log;
  /** It serves, and nobody has told it to stop. */
  readonly isRunning: boolean;
  /** null: where to listen is known when the application is loaded. */
  readonly listeners: readonly Listener[] | null;
  /** Where it writes its process id now; null: nowhere. */
  readonly pidPath: string | null;
  /** Resolves when another may be started. */
  beforeHeir(): Promise<unknown>;
}

export class Lineage {
  readonly #owner: LineageOwner;
  readonly #heir: Heir;
  /** Whose sockets we serve, while it lives. */
  #parent: number | null;
  /** Removes what only the arbiter before us still needed. */
  readonly #tidy: () => Promise<void>;
  #begetting = false;

  /** @param kept sockets of the one before that serve here as well */
  constructor(
    owner: LineageOwner,
    { inheritance, command }: Origin,
    ticketSecret: Buffer,
    kept: readonly Listener[],
  ) {
    this.#owner = owner;
    this.#heir = new Heir(command, ticketSecret);
    this.#parent = inheritance?.parent ?? null;
    this.#tidy = inheritance === null ? async () => undefined : closeAbandoned(inheritance, kept);
  }

  /** The arbiter that started this one lives, as far as was looked. */
  get hasParent(): boolean {
    return this.#parent !== null;
  }

  /** Of the one after it, while that lives. */
  get heir(): number | null {
    return this.#heir.pid;
  }

  /** The one after it lives, or is being started. */
  get hasHeir(): boolean {
    return this.#heir.lives;
  }

  /** To be called at least once a second. True once: the one before has left, and this one has its place. */
  promotes(): boolean {
    if (this.#parent === null || process.ppid === this.#parent) return false;
    this.#parent = null;
    return true;
  }

  /** Nobody needs any more what only the one before did. Never rejects. */
  tidy(): Promise<void> {
    return this.#tidy();
  }

  /** SIGUSR2. */
  upgrade(): void {
    const { log, isRunning, listeners } = this.#owner;
    if (!isRunning) return;
    if (listeners === null) {
      log.warning('USR2 signal ignored. Where to listen is known when the application is loaded.');
    } else if (this.hasHeir) log.warning('USR2 signal ignored. Child exists.');
    else if (this.hasParent) log.warning('USR2 signal ignored. Parent exists.');
    else void this.#beget(listeners);
  }

  /** As long as that has to wait a second signal finds nothing else to do. */
  async #beget(listeners: readonly Listener[]): Promise<void> {
    if (this.#begetting) return;
    this.#begetting = true;
    await this.#owner.beforeHeir();
    this.#begetting = false;
    if (!this.#owner.isRunning) return;
    this.#heir.start(
      listeners,
      () => this.#owner.log,
      (pid) => {
        const { pidPath } = this.#owner;
        if (pidPath !== null) removeLeft(besides(pidPath), pid);
      },
    );
  }

  /** Nobody of ours listens on it any more; another arbiter may serve on the same sockets. */
  release(listener: Listener): void {
    if (this.hasHeir || this.hasParent) listener.leave();
    else listener.close();
  }
}
