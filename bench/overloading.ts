// More requests than can be served, in an open loop, by clients that each come from an address of their own (this machine has all
// of 127.0.0.0/8) and leave after a second: what the server can do, how many answers come in time in each second, and how
// soon it is as before when it is over. What bench/overload and bench/flood measure in one way.

import { setTimeout as sleep } from 'node:timers/promises';
import { AnswerReader } from '../src/drill/answer-reader.ts';
import { connectPlain, requestFor } from '../src/drill/target.ts';

export const GIVE_UP_MS = 1_000;
const TURN_MS = 5;

/** Where they ask, and what. */
export interface Asked {
  readonly port: number;
  readonly path: string;
}

/** `network` 1 to 254, apart from each other; `client` below 65,536. */
export function addressOf(network: number, client: number): string {
  return `127.${network}.${client >> 8}.${client & 255}`;
}

export interface Outcome {
  readonly status: number | 'gave up' | 'cut off';
  readonly ms: number;
}

/** One request on a connection of its own, given up after a second, as people do. */
export function ask({ port, path }: Asked, from: string): Promise<Outcome> {
  return new Promise((resolve) => {
    const began = performance.now();
    const socket = connectPlain({ at: port, from });
    const done = (status: Outcome['status']): void => {
      clearTimeout(patience);
      socket.destroy();
      resolve({ status, ms: performance.now() - began });
    };
    const patience = setTimeout(() => done('gave up'), GIVE_UP_MS);
    const reader = new AnswerReader(({ status }) => done(status));
    socket.on('connect', () =>
      socket.write(requestFor(path).replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n')),
    );
    socket.on('data', (bytes: Buffer) => reader.push(bytes));
    socket.on('error', () => done('cut off'));
    socket.on('close', () => done('cut off'));
  });
}

/** Calls `send` so often a second, whatever became of the calls before, with their number. */
export async function paced(
  perSecond: number,
  seconds: number,
  send: (number: number) => void,
): Promise<void> {
  const began = performance.now();
  for (let sent = 0; ; await sleep(TURN_MS)) {
    const elapsed = Math.min((performance.now() - began) / 1000, seconds);
    for (; sent < elapsed * perSecond; sent++) send(sent);
    if (elapsed >= seconds) return;
  }
}

/** Answers a second to so many clients that each wait for theirs; never twice from one address within a short time. */
export async function capacity(asked: Asked, clients: number, seconds: number): Promise<number> {
  const untilMs = performance.now() + seconds * 1000;
  let answers = 0;
  let asks = 0;
  const client = async (): Promise<void> => {
    while (performance.now() < untilMs) {
      if ((await ask(asked, addressOf(4, asks++ % 4096))).status === 200) answers += 1;
    }
  };
  await Promise.all(Array.from({ length: clients }, () => client()));
  return answers / seconds;
}

/** How long requests take one after the other, when nothing else is asked; ms in ascending order. */
export async function undisturbed(asked: Asked, count: number): Promise<readonly number[]> {
  const ms: number[] = [];
  for (let n = 0; n < count; n++) ms.push((await ask(asked, addressOf(5, n))).ms);
  return ms.sort((a, b) => a - b);
}

export interface Offered {
  readonly perSecond: number;
  readonly seconds: number;
  /** So many clients in turn. */
  readonly addresses: number;
}

/** Answers in time, by the second in which they came, and how all of the requests ended. */
export async function overload(
  asked: Asked,
  { perSecond, seconds, addresses }: Offered,
): Promise<{ readonly good: readonly number[]; readonly ends: ReadonlyMap<string, number> }> {
  const good = new Array<number>(Math.ceil(seconds)).fill(0);
  const ends = new Map<string, number>();
  const began = performance.now();
  await paced(perSecond, seconds, (number) => {
    void ask(asked, addressOf(3, number % addresses)).then(({ status }) => {
      ends.set(String(status), (ends.get(String(status)) ?? 0) + 1);
      const second = Math.floor((performance.now() - began) / 1000);
      if (status === 200 && second < seconds) good[second] = (good[second] ?? 0) + 1;
    });
  });
  return { good, ends };
}

/** From this second on the way up no longer counts: the third. */
const FROM = 2;

/** The least and the mean share of what can be served that came in time in a second. */
export function shares(
  good: readonly number[],
  most: number,
): { readonly least: number; readonly mean: number } {
  const later = good.slice(Math.min(FROM, good.length - 1)).map((count) => count / most);
  return {
    least: Math.min(...later),
    mean: later.reduce((sum, share) => sum + share, 0) / later.length,
  };
}

/** So many in a row show that it is as before. */
const CALM_ANSWERS = 10;
const RECOVERY_MS = 20_000;

/** How long until requests of whoever comes then take no longer than usual, ms; null: not while it was waited. */
export async function recovery(asked: Asked, usualMs: number): Promise<number | null> {
  const began = performance.now();
  let calmSince = began;
  for (let calm = 0, client = 0; calm < CALM_ANSWERS; client++) {
    const askedMs = performance.now();
    if (askedMs - began > RECOVERY_MS) return null;
    const { status, ms } = await ask(asked, addressOf(6, client));
    if (calm === 0) calmSince = askedMs;
    calm = status === 200 && ms <= usualMs ? calm + 1 : 0;
    await sleep(TURN_MS);
  }
  return calmSince - began;
}
