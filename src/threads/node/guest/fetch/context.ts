// The second argument of an application's fetch, and the third: who asks, and a way to let work outlive the response.

import type { Exchange } from '../exchange.ts';
import { pendingWork } from '../pending-work.ts';

export interface ConnectionFacts {
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly remoteFamily: 'IPv4' | 'IPv6' | undefined;
  readonly localAddress: string;
  readonly localPort: number;
  readonly encrypted: boolean;
}

export class FetchContext {
  readonly #exchange: Exchange;

  constructor(exchange: Exchange) {
    this.#exchange = exchange;
  }

  /** The client's address without port; empty for a unix socket. */
  get address(): string {
    return this.#exchange.peer.address;
  }

  /** The client's port; 0 for a unix socket. */
  get port(): number {
    return this.#exchange.peer.port;
  }

  /**
   * More time for this request: it will not be overdue before so many seconds from now. Answers what was granted, which
   * `timeout_limit` bounds. May be called without `this`.
   */
  get extendTimeout(): (seconds: number) => number {
    return (seconds) => this.#exchange.extendTimeout(seconds);
  }

  /** Work that goes on after the response; a thread that stops waits for it. May be called without `this`. */
  get waitUntil(): (promise: unknown) => void {
    return waitUntil;
  }

  /** As Cloudflare has it. There is nothing behind us that a request could go on to: an exception is a 500. */
  passThroughOnException(): void {}

  /** Where Hono's connection info for Node.js looks. */
  get incoming(): { readonly socket: ConnectionFacts } {
    const peer = this.#exchange.peer;
    return {
      socket: {
        remoteAddress: peer.address,
        remotePort: peer.port,
        remoteFamily:
          peer.address === '' ? undefined : peer.address.includes(':') ? 'IPv6' : 'IPv4',
        localAddress: peer.serverName,
        localPort: peer.serverPort,
        encrypted: peer.scheme === 'https',
      },
    };
  }
}

function waitUntil(promise: unknown): void {
  pendingWork.add(promise);
}
