// The store that hosts count in together (Redis, Valkey), as the arbiter leases of it: one connection for a host, which comes back by
// itself. Counts of a window: so many points for so many seconds, which begin with a key's first request. Nothing here waits, and
// what is under way has a bound; who asked gives up by itself (limits/reach.ts).

import { createRequire } from 'node:module';
import { LEASE_VALID_MS } from '../../limits/leases.ts';
import type { Lease, Lender } from '../../limits/lender.ts';
import type { TokenLimit } from '../../limits/tokens.ts';
import { messageOf } from '../../message-of.ts';
import type { LimitRate } from '../../settings/limit-rate.ts';
import type { LimitStore } from '../../settings/limit-store.ts';
import { HOSTS_WINDOW_SECONDS, type HostsAnswer } from './hosts.ts';

/** Commands that the store has not answered; more are refused. More than can wait at once (limits/leases.ts), and what is given back. */
const COMMANDS_MAX = 20_000;
const CONNECT_MS = 2000;
/** Between an attempt to connect and the next: 50, 100 ... ms, up to this. */
const RECONNECT_MAX_MS = 2000;
/** A connection on which nothing was heard for so long, though something was asked, is given up for another. */
const STUCK_MS = 5000;

/**
 * Takes all of ARGV[1] that is within the limit (ARGV[3]) and answers what it would be with all of it; what is given back is taken
 * off what is still counted. rate-limiter-flexible's own script would count refusals, too, so that nothing could be given back.
 */
const SCRIPT = `local points = tonumber(ARGV[1])
if points < 0 then
  local has = tonumber(redis.call('get', KEYS[1]))
  if not has or has <= 0 then return {0, 0} end
  points = math.max(points, -has)
end
redis.call('set', KEYS[1], 0, 'EX', ARGV[2], 'NX')
local consumed = redis.call('incrby', KEYS[1], points)
local over = consumed - tonumber(ARGV[3])
if over > 0 then redis.call('decrby', KEYS[1], math.min(over, points)) end
return {consumed, redis.call('pttl', KEYS[1])}`;

/** By which a store is asked whether it answers: no client has it. */
const LOOKED_AT = '?';

/** How hosts count themselves. */
const HOSTS = { points: 1_000_000, duration: HOSTS_WINDOW_SECONDS } as const;

/** How the store counts a rate. */
export interface Window {
  readonly points: number;
  readonly seconds: number;
}

/**
 * The burst in the time in which it comes back, where that is whole seconds: 200 for 2 s of 100/s:200. Else what the rate gives in its
 * unit of time, or in as many of those as the burst needs.
 */
export function windowOf({ requests, perMs, burst }: LimitRate): Window {
  const seconds = (burst * perMs) / requests / 1000;
  if (Number.isInteger(seconds) && seconds >= 1) return { points: burst, seconds };
  const units = Math.ceil(burst / requests);
  return { points: requests * units, seconds: (perMs / 1000) * units };
}

export interface StoreEvents {
  /** What was asked will not be answered; a clause for the log. */
  failed(why: string): void;
  /** It is asked something; what this returns is called when that is answered. */
  asked(): () => void;
}

export interface StoreParts extends StoreEvents {
  readonly store: LimitStore;
  readonly prefix: string;
  readonly limits: readonly TokenLimit[];
  /** Milliseconds, monotonic. */
  now(): number;
}

/** What of the client is used here. */
interface Client {
  readonly isOpen: boolean;
  readonly isReady: boolean;
  connect(): Promise<unknown>;
  destroy(): void;
  unref(): void;
}

type Limiter = import('rate-limiter-flexible').RateLimiterRedis;

interface Connection {
  readonly client: Client;
  readonly limiters: readonly Limiter[];
  readonly hosts: Limiter;
}

export class StoreLender implements Lender {
  readonly #parts: StoreParts;
  #connection: Connection | null = null;
  #watching: NodeJS.Timeout | null = null;
  #heardMs = 0;
  #underWay = 0;
  #closed = false;

  constructor(parts: StoreParts) {
    this.#parts = parts;
  }

  take(limit: number, key: string, count: number, answered: (lease: Lease) => void): void {
    const limiter = this.#limiter(limit);
    if (limiter === null) return;
    this.#underWay += 1;
    limiter.consume(key, count).then(
      ({ remainingPoints, msBeforeNext }) => {
        this.#heard();
        if (!this.#makesSense(remainingPoints, msBeforeNext)) return;
        const remaining = remainingPoints;
        answered(leaseOf({ granted: count, remaining, msBeforeNext, retryMs: 0 }));
      },
      (refusal: unknown) => {
        this.#heard();
        if (refusal instanceof Error) {
          this.#failed(refusal.message);
          return;
        }
        const { consumedPoints, msBeforeNext } = refusal as {
          readonly consumedPoints: number;
          readonly msBeforeNext: number;
        };
        if (!this.#makesSense(consumedPoints, msBeforeNext)) return;
        const granted = Math.max(0, count - (consumedPoints - limiter.points));
        answered(leaseOf({ granted, remaining: 0, msBeforeNext, retryMs: msBeforeNext }));
      },
    );
  }

  giveBack(limit: number, key: string, count: number): void {
    this.#tell(limit, (limiter) => limiter.reward(key, count));
  }

  charge(limit: number, key: string, count: number, told?: (heard: boolean) => void): void {
    this.#tell(limit, (limiter) => limiter.penalty(key, count), told);
  }

  /** Asks whether it answers, and can write, by a key that no client has. */
  look(): void {
    const answered = this.#parts.asked();
    this.take(0, LOOKED_AT, 1, ({ granted }) => {
      answered();
      if (granted > 0) this.giveBack(0, LOOKED_AT, granted);
    });
  }

  /** Of all hosts that count here, this one with `count`. What goes wrong with it is told by what clients ask. */
  async countHosts(count: 0 | 1): Promise<HostsAnswer | null> {
    const { client, hosts } = this.#connection ?? {};
    if (client?.isReady !== true || hosts === undefined) return null;
    try {
      const { consumedPoints, msBeforeNext } = await hosts.consume('all', count);
      const isSound = Number.isFinite(consumedPoints) && Number.isFinite(msBeforeNext);
      return isSound ? { hosts: consumedPoints, endsInMs: msBeforeNext } : null;
    } catch {
      return null;
    }
  }

  /** Connects, which is not waited for. */
  open(): void {
    if (this.#connection !== null || this.#closed) return;
    const client = this.#makeClient();
    this.#connection = { client, ...this.#makeLimiters(client) };
    this.#heardMs = this.#parts.now();
    // A failed attempt is told as an event; the next one is on its way.
    client.connect().catch(() => undefined);
    this.#watching ??= setInterval(() => this.#watch(), 1000).unref();
  }

  /** For good: what is asked or told afterwards goes nowhere, and is no news of the store. */
  close(): void {
    this.#closed = true;
    this.#disconnect();
  }

  /** Until something is asked again. */
  #disconnect(): void {
    if (this.#watching !== null) clearInterval(this.#watching);
    this.#watching = null;
    const connection = this.#connection;
    this.#connection = null;
    this.#underWay = 0;
    if (connection?.client.isOpen) connection.client.destroy();
  }

  #limiter(limit: number): Limiter | null {
    this.open();
    const { client, limiters } = this.#connection ?? {};
    if (client?.isReady !== true) {
      this.#failed('it is not connected');
      return null;
    }
    return limiters?.[limit] ?? null;
  }

  #tell(
    limit: number,
    deed: (limiter: Limiter) => Promise<unknown>,
    told?: (heard: boolean) => void,
  ): void {
    const limiter = this.#limiter(limit);
    if (limiter === null) {
      told?.(false);
      return;
    }
    this.#underWay += 1;
    deed(limiter).then(
      () => {
        this.#heard();
        told?.(true);
      },
      (error: unknown) => {
        this.#heard();
        this.#failed(messageOf(error));
        told?.(false);
      },
    );
  }

  #failed(why: string): void {
    if (!this.#closed) this.#parts.failed(why);
  }

  /** What is no store of limits may answer as well. */
  #makesSense(...numbers: readonly number[]): boolean {
    if (numbers.every(Number.isFinite)) return true;
    this.#failed('it answers something else than numbers');
    return false;
  }

  #heard(): void {
    this.#underWay = Math.max(0, this.#underWay - 1);
    this.#heardMs = this.#parts.now();
  }

  #watch(): void {
    const { client } = this.#connection ?? {};
    if (client === undefined || (client.isReady && this.#underWay === 0)) {
      this.#heardMs = this.#parts.now();
      return;
    }
    if (this.#parts.now() - this.#heardMs < STUCK_MS) return;
    this.#disconnect();
    this.open();
  }

  #makeClient(): Client {
    const { store } = this.#parts;
    // Loaded by who has a store: it takes a process a tenth of its start.
    const { createClient } = loadPackage('@redis/client') as typeof import('@redis/client');
    const common = {
      connectTimeout: CONNECT_MS,
      reconnectStrategy: (retries: number) => Math.min(RECONNECT_MAX_MS, 50 * 2 ** retries),
    };
    const { path, host, port, tls } = store;
    const client = createClient({
      socket: path === null ? placeOf(host, port, tls, common) : { path, tls: false, ...common },
      ...(store.username === null ? {} : { username: store.username }),
      ...(store.password === null ? {} : { password: store.password }),
      database: store.database,
      disableOfflineQueue: true,
      commandsQueueMaxLength: COMMANDS_MAX,
    });
    client.on('error', (error: unknown) => {
      if (this.#connection?.client !== client) return;
      this.#failed(messageOf(error));
      // The connection stands, so that what came was no answer: the client goes on, and takes what comes next for the answer to an
      // earlier question. Whoever asks next connects anew.
      if (client.isReady) this.#disconnect();
    });
    client.on('ready', () => {
      if (this.#connection?.client !== client) return;
      client.unref();
      this.#heardMs = this.#parts.now();
      // Who greets us may still answer no script.
      this.look();
    });
    return client;
  }

  #makeLimiters(client: Client): Pick<Connection, 'limiters' | 'hosts'> {
    const { RateLimiterRedis } = loadPackage(
      'rate-limiter-flexible',
    ) as typeof import('rate-limiter-flexible');
    const make = (name: string, points: number, duration: number): Limiter =>
      new RateLimiterRedis({
        storeClient: client,
        useRedisPackage: true,
        rejectIfRedisNotReady: true,
        keyPrefix: `${this.#parts.prefix}:${name}`,
        points,
        duration,
        customIncrTtlLuaScript: SCRIPT,
      });
    const limiters = this.#parts.limits.map(({ id, rate }) => {
      const { points, seconds } = windowOf(rate);
      return make(id.replaceAll(' ', ':'), points, seconds);
    });
    return { limiters, hosts: make('hosts', HOSTS.points, HOSTS.duration) };
  }
}

const loadPackage = createRequire(import.meta.url);

type Common = {
  readonly connectTimeout: number;
  readonly reconnectStrategy: (retries: number) => number;
};

function placeOf(host: string, port: number, tls: boolean, common: Common) {
  if (!tls) return { host, port, ...common };
  return { host, port, tls: true as const, servername: host, ...common };
}

function leaseOf(heard: {
  readonly granted: number;
  readonly remaining: number;
  readonly msBeforeNext: number;
  readonly retryMs: number;
}): Lease {
  const { granted, remaining, retryMs } = heard;
  const resetMs = Math.max(0, heard.msBeforeNext);
  // What was counted in one window is not used in the next.
  return { granted, remaining, resetMs, retryMs, validMs: Math.min(LEASE_VALID_MS, resetMs) };
}
