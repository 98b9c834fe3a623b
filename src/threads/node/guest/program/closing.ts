// What becomes of a thread whose program has closed its HTTP server: it answers what it has begun and is given nothing more, until
// another server listens. Whether to end is the server's to say: where none does, the thread has no use any more and ends.

import type { Server } from 'node:http';
import { ToHost } from '../../../../wire/node-thread.ts';
import type { Channel } from '../channel.ts';
import { closeIfIdle } from './pretended.ts';

/** A program that closes its server to open another does so sooner. */
const CLOSED_MS = 1000;

export class Closing {
  readonly #channel: Channel;
  #state: 'open' | 'closed' | 'useless' = 'open';
  /** Whose 'close' is due once its last request is over. */
  #owes: Server | null = null;
  #leaving = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(channel: Channel) {
    this.#channel = channel;
    channel.onOver = () => this.#requestOver();
  }

  get isClosed(): boolean {
    return this.#state !== 'open';
  }

  closed(server: Server): void {
    this.#state = 'closed';
    // Without requests Node.js says it by itself.
    if (this.#channel.underWay > 0) this.#owes = server;
    if (this.#leaving) return;
    this.#rest(true);
    this.#timer = setTimeout(() => this.#useless(), CLOSED_MS).unref();
  }

  /** Another server listens, or the first does. */
  opened(): void {
    if (this.isClosed) this.#rest(false);
    this.#state = 'open';
    this.#owes = null;
    clearTimeout(this.#timer);
  }

  /** The thread is to end in any case, and at its own time. */
  leave(): void {
    this.#leaving = true;
    clearTimeout(this.#timer);
  }

  /** Others are given what it would have been given. */
  #rest(isResting: boolean): void {
    this.#channel.outbox.open().push(ToHost.rest, isResting ? 1 : 0);
  }

  #useless(): void {
    process.emitWarning(
      'The program has closed its HTTP server: its thread ends once it runs no request, and another takes its place.',
    );
    this.#state = 'useless';
    this.#endIfUseless();
  }

  #requestOver(): void {
    if (this.#channel.underWay > 0) return;
    if (this.#owes !== null) closeIfIdle(this.#owes);
    this.#owes = null;
    this.#endIfUseless();
  }

  #endIfUseless(): void {
    if (this.#state !== 'useless' || this.#channel.underWay > 0) return;
    // Behind its 'close', and behind the last answer.
    setImmediate(() => {
      if (this.#channel.underWay === 0) process.exit(0);
    });
  }
}
