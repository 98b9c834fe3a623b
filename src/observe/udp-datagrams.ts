// Sends datagrams over UDP: syslog's, statsd's. The name of the host is looked up once, and what comes meanwhile is held up to a
// bound. Never waits and never throws: what cannot be sent is counted and told.

import dgram from 'node:dgram';
import { lookup } from 'node:dns';
import { monotonicMs } from '../clock.ts';
import { Losses } from './losses.ts';

/** More than this waiting for the kernel is dropped. */
const WAITING_BYTES = 1024 * 1024;
/** Datagrams that wait while the name of the host is looked up. */
const HELD = 1000;
/** How soon a name that was not found is tried again. */
const RETRY_MS = 1000;

export class UdpDatagrams {
  readonly losses: Losses;
  readonly #host: string;
  readonly #port: number;
  #socket: dgram.Socket | null = null;
  #address = '';
  #held: string[] = [];
  #looking = false;
  #closed = false;
  #nextTryMs = Number.NEGATIVE_INFINITY;

  /** @param what begins the sentence of a trouble */
  constructor(host: string, port: number, what: string) {
    this.#host = host;
    this.#port = port;
    this.losses = new Losses(what);
    this.#lookUp();
  }

  /** One datagram. Where the address is known it is with the kernel when this returns, unless that has no room. */
  send(text: string): void {
    const socket = this.#socket;
    if (socket === null) this.#hold(text);
    else if (socket.getSendQueueSize() > WAITING_BYTES) this.losses.lose('it does not keep up');
    else {
      // Not connected: that nobody listens is not told then, and that is how UDP is meant.
      socket.send(text, this.#port, this.#address, (error) => {
        if (error !== null) this.losses.lose(error.message);
        else this.losses.recovered();
      });
    }
  }

  close(): void {
    this.#closed = true;
    this.#socket?.close();
    this.#socket = null;
  }

  #hold(text: string): void {
    if (this.#closed || this.#held.length === HELD) this.losses.lose('it was not found');
    else this.#held.push(text);
    this.#lookUp();
  }

  /** At once: what comes in the last moment of a process finds the address known. */
  #lookUp(): void {
    if (this.#looking || this.#closed || monotonicMs() < this.#nextTryMs) return;
    this.#looking = true;
    this.#nextTryMs = monotonicMs() + RETRY_MS;
    lookup(this.#host, (error, address, family) => {
      if (error !== null) this.#failed(error.message);
      else if (!this.#closed) this.#open(address, family === 6 ? 6 : 4);
    });
  }

  #open(address: string, family: 4 | 6): void {
    this.#looking = false;
    this.#address = address;
    const type = family === 6 ? 'udp6' : 'udp4';
    // Addresses need no look-up, and Node.js's own would put every send off to a later turn: too late at the end.
    this.#socket = dgram.createSocket({
      type,
      lookup: (name, _, found) => found(null, name, family),
    });
    this.#socket.on('error', (error) => this.losses.trouble(error.message));
    this.#socket.bind(0);
    this.#socket.unref();
    const held = this.#held;
    this.#held = [];
    for (const text of held) this.send(text);
  }

  #failed(why: string): void {
    this.#looking = false;
    this.losses.trouble(why);
  }
}
