// Whose turn it is among clients that wait: each is taken once in a round, whoever has come since included, so that one with
// five hundred requests makes nobody wait for more than one of them. The round goes on with the client that waits longest for
// its turn, and with the oldest of its requests, unless they have waited too long and the rest would, too: then the newest
// client, or the newest request of this client, is served first, because whoever waits longest is about to give up
// (adaptive LIFO; Maurer, "Fail at Scale", 2015). Every step costs the same, however many wait.

import type { Job } from '../threads/app-thread.ts';
import { Chain, Link } from './chain.ts';

/** Whoever waits for this long has waited too long, where more than that is left to do: people notice half a second, and
 * programs retry soon after. A burst that one worker can take is over by then, and so is a pause of all threads. */
const TOO_LONG_MS = 500;
/** And this is left to do when it is over: less, so that it does not go to and fro. */
const SOON_MS = TOO_LONG_MS / 2;
/** Clients that are remembered to have had their turn and wait no more. Who is forgotten counts as a newcomer. */
const REMEMBERED = 4096;

/** A job in the queue. */
export class Waiting {
  readonly job: Job;
  readonly client: Client;
  readonly sinceMs: number;
  /** Among those of its client, and among all. */
  readonly ofClient = new Link<Waiting>(this);
  readonly ofAll = new Link<Waiting>(this);

  constructor(job: Job, client: Client, nowMs: number) {
    this.job = job;
    this.client = client;
    this.sinceMs = nowMs;
  }
}

/** Somebody with jobs that wait. */
class Client {
  readonly key: string;
  /** Oldest first. */
  readonly jobs = new Chain<Waiting>();
  readonly turn = new Link<Client>(this);
  /** Since when it waits for its turn, ms. */
  turnSinceMs: number;
  readonly order = new Order();

  constructor(key: string, nowMs: number) {
    this.key = key;
    this.turnSinceMs = nowMs;
  }
}

/** Which end of a list is served first. */
class Order {
  newestFirst = false;

  /** @param oldestMs how long the first has waited; `leftMs`: how long it takes until all have been served */
  look(oldestMs: number, leftMs: number): boolean {
    if (this.newestFirst) this.newestFirst = leftMs > SOON_MS;
    else this.newestFirst = oldestMs > TOO_LONG_MS && leftMs >= TOO_LONG_MS;
    return this.newestFirst;
  }
}

export class FairQueue {
  readonly #clients = new Map<string, Client>();
  /** Whose turn of this round is to come: those of the round before, in its order; those of it who had left and have come back; others. */
  #due = new Chain<Client>();
  readonly #returned = new Chain<Client>();
  readonly #newcomers = new Chain<Client>();
  /** Who has had it and has more that waits. */
  #served = new Chain<Client>();
  /** Those who have had it, or had it in the round before, and have nothing that waits now. */
  #left = new Set<string>();
  #leftBefore = new Set<string>();
  /** Clients by how many jobs of theirs wait. */
  readonly #byLength: Set<Client>[] = [];
  #longest = 0;
  readonly #order = new Order();
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** How many clients have something that waits. */
  get clients(): number {
    return this.#clients.size;
  }

  add(job: Job, key: string, nowMs: number): Waiting {
    const client = this.#clients.get(key) ?? this.#join(key, nowMs);
    const waiting = new Waiting(job, client, nowMs);
    client.jobs.push(waiting.ofClient);
    this.#length += 1;
    this.#counted(client, 1);
    return waiting;
  }

  /**
   * A thread has given it back: it is the first of its client, whose turn it is next. Not more than one turn, however many come
   * back: where a thread took hundreds of the same client, others would wait for all of them.
   */
  putBack(job: Job, key: string, nowMs: number): Waiting {
    const client = this.#clients.get(key) ?? this.#join(key, nowMs);
    // As long as whoever waits longest of this client: it came before.
    const waiting = new Waiting(job, client, client.jobs.first?.sinceMs ?? nowMs);
    client.jobs.unshift(waiting.ofClient);
    client.turn.chain?.remove(client.turn);
    this.#due.unshift(client.turn);
    this.#length += 1;
    this.#counted(client, 1);
    return waiting;
  }

  /** How many jobs of this client wait. */
  waitingOf(key: string): number {
    return this.#clients.get(key)?.jobs.length ?? 0;
  }

  /** Of the client that has most that wait, the one that would be served last; null: nobody waits. */
  leastDeserving(): { readonly waiting: Waiting; readonly ofClient: number } | null {
    const [client] = this.#byLength[this.#longest] ?? [];
    if (client === undefined) return null;
    const waiting = lastServed(client);
    return waiting === null ? null : { waiting, ofClient: client.jobs.length };
  }

  /** Of this client the one that would be served last. */
  lastOf(key: string): Waiting | null {
    const client = this.#clients.get(key);
    return client === undefined ? null : lastServed(client);
  }

  /** Whoever waits longest in this order waits too long, and so will others. */
  overloaded(key: string, nowMs: number, msEach: number): boolean {
    const client = this.#clients.get(key);
    return (
      this.#looksOverloaded(nowMs, msEach) ||
      (client !== undefined && this.#clientLooksOverloaded(client, nowMs, msEach))
    );
  }

  /**
   * The next one, which is not in it any more. Null: nobody waits.
   * @param msEach how long it takes until one of those who wait has been served
   * @param newestFirst whatever the times say
   */
  take(nowMs: number, msEach: number, newestFirst: boolean): Waiting | null {
    if (this.#length === 0) return null;
    const isLifo = this.#looksOverloaded(nowMs, msEach) || newestFirst;
    const client = this.#next(isLifo);
    const isOwnLifo = this.#clientLooksOverloaded(client, nowMs, msEach) || newestFirst;
    const waiting = isOwnLifo ? client.jobs.last : client.jobs.first;
    if (waiting === null) throw new Error('a client without jobs does not wait');
    client.turn.chain?.remove(client.turn);
    client.turnSinceMs = nowMs;
    this.#served.push(client.turn);
    this.#take(waiting);
    return waiting;
  }

  /** It waits no more. */
  remove(waiting: Waiting): void {
    this.#take(waiting);
  }

  #looksOverloaded(nowMs: number, msEach: number): boolean {
    const first =
      this.#due.first ?? this.#returned.first ?? this.#newcomers.first ?? this.#served.first;
    const oldestMs = first === null ? 0 : nowMs - first.turnSinceMs;
    return this.#order.look(oldestMs, this.#clients.size * msEach);
  }

  #clientLooksOverloaded({ jobs, order }: Client, nowMs: number, msEach: number): boolean {
    const oldestMs = jobs.first === null ? 0 : nowMs - jobs.first.sinceMs;
    return order.look(oldestMs, jobs.length * this.#clients.size * msEach);
  }

  #join(key: string, nowMs: number): Client {
    const client = new Client(key, nowMs);
    this.#clients.set(key, client);
    // Who comes back is no newcomer: else a few that ask all the time would be all that is served.
    if (this.#left.delete(key)) this.#served.push(client.turn);
    else if (this.#leftBefore.delete(key)) this.#returned.push(client.turn);
    else this.#newcomers.push(client.turn);
    return client;
  }

  #next(newestFirst: boolean): Client {
    if (this.#due.length + this.#returned.length + this.#newcomers.length === 0) {
      [this.#due, this.#served] = [this.#served, this.#due];
      [this.#left, this.#leftBefore] = [this.#leftBefore, this.#left];
      this.#left.clear();
    }
    // Newest first among those of the round before as well: the first of them has waited longest and is about to give up. They
    // go before those who have come back, who have had a turn since.
    const client = newestFirst
      ? (this.#newcomers.last ?? this.#due.last ?? this.#returned.last)
      : (this.#due.first ?? this.#returned.first ?? this.#newcomers.first);
    if (client === null) throw new Error('whoever waits has a turn in this round');
    return client;
  }

  #take(waiting: Waiting): void {
    const { client } = waiting;
    client.jobs.remove(waiting.ofClient);
    this.#length -= 1;
    this.#counted(client, -1);
    if (client.jobs.length > 0) return;
    this.#clients.delete(client.key);
    const { chain } = client.turn;
    if (chain === this.#served) remember(this.#left, client.key);
    else if (chain === this.#due || chain === this.#returned) {
      remember(this.#leftBefore, client.key);
    }
    chain?.remove(client.turn);
    if (this.#length === 0) this.#drained();
  }

  #drained(): void {
    this.#order.newestFirst = false;
    if (this.#left.size > 0) this.#left.clear();
    if (this.#leftBefore.size > 0) this.#leftBefore.clear();
  }

  /** One job more or less of this client waits. */
  #counted(client: Client, change: 1 | -1): void {
    const { length } = client.jobs;
    this.#byLength[length - change]?.delete(client);
    if (length > 0) this.#withLength(length).add(client);
    if (change === 1) this.#longest = Math.max(this.#longest, length);
    else if (this.#byLength[this.#longest]?.size === 0) this.#longest -= 1;
  }

  #withLength(length: number): Set<Client> {
    const known = this.#byLength[length];
    if (known !== undefined) return known;
    const made = new Set<Client>();
    this.#byLength[length] = made;
    return made;
  }
}

function lastServed({ jobs, order }: Client): Waiting | null {
  return order.newestFirst ? jobs.first : jobs.last;
}

function remember(left: Set<string>, key: string): void {
  if (left.size >= REMEMBERED) left.clear();
  left.add(key);
}
