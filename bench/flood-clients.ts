// The clients of bench/flood: each comes from an address of its own, of which this machine has all of 127.0.0.0/8. Normal
// ones ask in an open loop; others drip a request.

import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { connectPlain } from '../src/drill/target.ts';
import { type Latencies, OpenLoop } from './open-loop.ts';
import { addressOf } from './overloading.ts';

/** Holds a thread and no processor, so that what else runs on the machine changes little. */
export const PATH = '/block?0.02';
/** Who is not answered by then is not answered. */
const PATIENCE_MS = 10_000;

const NORMAL = { clients: 20, perSecond: 5 };

/** The normal clients for so long: 127.0.1.1 and on, each in its own part of the fifth of a second. */
export async function normalClients(port: number, seconds: number): Promise<Latencies> {
  const { clients, perSecond } = NORMAL;
  const one = async (client: number): Promise<Latencies> => {
    const target = { at: port, from: `127.0.1.${client + 1}` };
    await sleep((client * 1000) / perSecond / clients);
    const loop = new OpenLoop(target, { path: PATH, perSecond, connections: 2 });
    return loop.run(seconds * 1000, PATIENCE_MS);
  };
  const all = await Promise.all(Array.from({ length: clients }, (_, client) => one(client)));
  return {
    ms: all.flatMap(({ ms }) => ms).sort((a, b) => a - b),
    failed: all.reduce((sum, { failed }) => sum + failed, 0),
  };
}

const DRIP = 'GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: ';
const DRIP_MS = 2_000;
const COMES_AGAIN_MS = 1_000;

/** Clients that each send a request byte by byte, and come again when they are thrown out. */
export class Drippers {
  readonly #port: number;
  readonly #sockets = new Set<Socket>();
  readonly #timers = new Set<NodeJS.Timeout>();
  #stopped = false;

  constructor(port: number, count: number) {
    this.#port = port;
    for (let client = 0; client < count; client++) {
      // Not all in one moment: what a backlog holds is not the question.
      this.#later(client, () => this.#drip(addressOf(2, client)));
    }
  }

  /** Connections that are open now. */
  get open(): number {
    return this.#sockets.size;
  }

  stop(): void {
    this.#stopped = true;
    for (const timer of this.#timers) clearTimeout(timer);
    for (const socket of this.#sockets) socket.destroy();
  }

  #later(ms: number, then: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      then();
    }, ms);
    this.#timers.add(timer);
  }

  #drip(from: string): void {
    const socket = connectPlain({ at: this.#port, from });
    let sent = 0;
    const more = (): void => {
      if (socket.destroyed) return;
      socket.write(DRIP[sent] ?? 'x');
      sent += 1;
      this.#later(DRIP_MS, more);
    };
    socket.on('connect', () => {
      this.#sockets.add(socket);
      more();
    });
    socket.on('data', () => undefined);
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.#sockets.delete(socket);
      if (!this.#stopped) this.#later(COMES_AGAIN_MS, () => this.#drip(from));
    });
  }
}
