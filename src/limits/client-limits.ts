// The limits of clients put together: whether a connection may come, and whether a request may go on. Asks the lists first, then
// the places, then the rates in their order, and stops at the first that says no. Where only this process counts everything is
// answered at once and without an object made for it.

import type { Peer, RequestHead } from '../threads/app-thread.ts';
import { clientOf } from './client.ts';
import { fieldValue, type Limit } from './limit.ts';
import type { NetworkSet } from './network-set.ts';
import { pathForms } from './path-forms.ts';
import { type Met, rateLimitFields, retryAfterSeconds } from './rate-limit-fields.ts';
import type { Refusals } from './refusals.ts';
import type { Reason } from './refused.ts';
import type { Answer, Places, Tokens } from './tokens.ts';
import {
  ADMITTED,
  type Admission,
  ENTERED,
  type Entry,
  type Refusal,
  type Verdict,
} from './verdict.ts';

/** Functions of a config file. Answers the key, or null for the address; within a bound, whatever the function does. */
export interface KeyFunctions {
  keyOf(place: number, head: RequestHead, address: string): PromiseLike<string | null>;
}

export interface ClientLimitsOptions {
  readonly limits: readonly Limit[];
  readonly tokens: Tokens;
  /** limit_connections; null: unlimited. */
  readonly places: Places | null;
  /** Null: everybody. */
  readonly allow: NetworkSet | null;
  /** Null: nobody. */
  readonly deny: NetworkSet | null;
  readonly exempt: NetworkSet | null;
  readonly ipv6Prefix: number;
  readonly headers: 'off' | 'refused' | 'all';
  readonly dryRun: boolean;
  /** forwarded_for */
  readonly readsForwarded: boolean;
  readonly keys: KeyFunctions | null;
  readonly refusals: Refusals;
}

/** Whoever is over limit_connections: nobody knows when it will have ended something. */
const RETRY_PLACE_SECONDS = 1;

const TURNED_AWAY: Entry = { refused: true, place: null };
const DENIED: Refusal = { status: 403, code: 'client-denied', retryAfterSeconds: null };
const NO_PLACE: Refusal = {
  status: 429,
  code: 'too-many-requests-at-once',
  retryAfterSeconds: RETRY_PLACE_SECONDS,
};

/** By allow and deny. A client of a unix socket has no address that could be judged. */
export function mayCome(
  address: string,
  { allow, deny }: Pick<ClientLimitsOptions, 'allow' | 'deny'>,
): boolean {
  if (address === '') return true;
  if (deny?.has(address) === true) return false;
  return allow === null || allow.has(address);
}

export class ClientLimits implements Admission {
  readonly #options: ClientLimitsOptions;
  readonly #readsPath: boolean;
  /** Requests that went on because no answer came in time. */
  #late = 0;

  constructor(options: ClientLimitsOptions) {
    this.#options = options;
    this.#readsPath = options.limits.some(({ readsPath }) => readsPath);
  }

  get lateAnswers(): number {
    return this.#late;
  }

  get readsForwarded(): boolean {
    return this.#options.readsForwarded;
  }

  enter(address: string): Entry | PromiseLike<Entry> {
    if (!mayCome(address, this.#options) && this.#refuses('denied', address)) return TURNED_AWAY;
    const { places, exempt, ipv6Prefix } = this.#options;
    if (places === null || exempt?.has(address) === true) return ENTERED;
    const client = clientOf(address, ipv6Prefix);
    const entered = places.enter(0, client);
    if (typeof entered === 'boolean') return this.#entry(entered, client);
    return entered.then((has) => this.#entry(has, client));
  }

  #entry(has: boolean, client: string): Entry {
    if (has) return { refused: false, place: client };
    return this.#refuses('connections', client) ? TURNED_AWAY : ENTERED;
  }

  leave(place: string): void {
    this.#options.places?.leave(0, place);
  }

  ask(head: RequestHead, peer: Peer, known: boolean): Verdict | PromiseLike<Verdict> {
    const { address } = peer;
    if (!known && !mayCome(address, this.#options)) {
      if (this.#refuses('denied', address)) return refused(DENIED);
    }
    if (this.#options.exempt?.has(address) === true) return ADMITTED;
    const client = clientOf(address, this.#options.ipv6Prefix);
    if (known || address === '' || this.#options.places === null) {
      return this.#rates(head, client, null);
    }
    const entered = this.#options.places.enter(0, client);
    if (typeof entered !== 'boolean') {
      return Promise.resolve(entered).then((has) => this.#placed(has, head, client));
    }
    return this.#placed(entered, head, client);
  }

  over({ place }: Verdict): void {
    if (place !== null) this.leave(place);
  }

  late(): void {
    this.#late += 1;
  }

  /** Counts it. False: it goes on all the same. */
  #refuses(reason: Exclude<Reason, 'rate'>, client: string): boolean {
    const { refusals, dryRun } = this.#options;
    refusals.note({ reason, limit: '', client, key: client, dry: dryRun, retryMs: 0 });
    return !dryRun;
  }

  /** The same for a rate. */
  #limits({ name }: Limit, { retryMs }: Answer, key: string, client: string): boolean {
    const { refusals, dryRun } = this.#options;
    refusals.note({ reason: 'rate', limit: name, client, key, dry: dryRun, retryMs });
    return !dryRun;
  }

  #placed(has: boolean, head: RequestHead, client: string): Verdict | PromiseLike<Verdict> {
    if (!has && this.#refuses('requests at once', client)) return refused(NO_PLACE);
    return this.#rates(head, client, has ? client : null);
  }

  #rates(head: RequestHead, client: string, place: string | null): Verdict | PromiseLike<Verdict> {
    const { limits } = this.#options;
    const forms = this.#readsPath ? pathForms(head.path) : null;
    const tellsAll = this.#options.headers === 'all';
    let met: Met[] | null = null;
    for (let index = 0; index < limits.length; index++) {
      const limit = limits[index] as Limit;
      if (!limit.concerns(head.method, forms)) continue;
      const key = this.#keyOf(limit, head, client);
      if (typeof key !== 'string') {
        return this.#ratesLater(head, client, new Waiting(met ?? [], index, place), key, null);
      }
      const answer = this.#options.tokens.ask(index, key);
      if ('then' in answer) {
        return this.#ratesLater(head, client, new Waiting(met ?? [], index, place), key, answer);
      }
      if (tellsAll) {
        met ??= [];
        met.push({ name: limit.name, rate: limit.rate, answer });
      }
      if (!answer.granted && this.#limits(limit, answer, key, client)) {
        return this.#limited(limit, answer, met, place);
      }
    }
    return this.#letIn(met, place);
  }

  /** The same from where the first answer has to be waited for. */
  async #ratesLater(
    head: RequestHead,
    client: string,
    { met, from, place }: Waiting,
    firstKey: string | PromiseLike<string>,
    firstAnswer: PromiseLike<Answer> | null,
  ): Promise<Verdict> {
    const { limits, tokens } = this.#options;
    const forms = this.#readsPath ? pathForms(head.path) : null;
    for (let index = from; index < limits.length; index++) {
      const limit = limits[index] as Limit;
      if (!limit.concerns(head.method, forms)) continue;
      const isFirst = index === from;
      const key = await (isFirst ? firstKey : this.#keyOf(limit, head, client));
      const answer = await (isFirst && firstAnswer !== null ? firstAnswer : tokens.ask(index, key));
      met.push({ name: limit.name, rate: limit.rate, answer });
      if (!answer.granted && this.#limits(limit, answer, key, client)) {
        return this.#limited(limit, answer, met, place);
      }
    }
    return this.#letIn(met, place);
  }

  /** Each kind begins with a letter of its own, so that no header is taken for an address. */
  #keyOf(limit: Limit, head: RequestHead, client: string): string | PromiseLike<string> {
    if (limit.key === 'address') return client;
    if (limit.key === 'everybody') return '*';
    if (limit.key !== 'function') return keyOfText(fieldValue(head.fields, limit.field), client);
    const asked = this.#options.keys?.keyOf(limit.place, head, client);
    return asked === undefined ? client : asked.then((key) => keyOfText(key, client));
  }

  /** `met`: all that it met, where that is told with every response. */
  #limited(
    { name, rate }: Limit,
    answer: Answer,
    met: readonly Met[] | null,
    place: string | null,
  ): Verdict {
    if (place !== null) this.leave(place);
    const retryAfter = retryAfterSeconds(answer.retryMs);
    const refusal: Refusal = { status: 429, code: 'rate-limited', retryAfterSeconds: retryAfter };
    const told = met ?? [{ name, rate, answer }];
    return {
      refusal,
      fields: this.#options.headers === 'off' ? '' : rateLimitFields(told),
      place: null,
    };
  }

  #letIn(met: readonly Met[] | null, place: string | null): Verdict {
    const tells = this.#options.headers === 'all' && met !== null && met.length > 0;
    if (!tells && place === null) return ADMITTED;
    return { refusal: null, fields: tells ? rateLimitFields(met) : '', place };
  }
}

/** Where a request was when it had to wait. */
class Waiting {
  readonly met: Met[];
  readonly from: number;
  readonly place: string | null;

  constructor(met: Met[], from: number, place: string | null) {
    this.met = met;
    this.from = from;
    this.place = place;
  }
}

function refused(refusal: Refusal): Verdict {
  return { refusal, fields: '', place: null };
}

function keyOfText(text: string | null, client: string): string {
  return text === null ? client : `=${text}`;
}
