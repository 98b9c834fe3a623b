// Whose requests a connection brings: those of its own client, or those of others if the client is a proxy that is
// believed. The same words give the same object, by which threads know again what they have written down already.

import type { Forwarded, Introduction, Peer, RequestHead } from '../threads/app-thread.ts';

export class Origin {
  #peer: Peer;
  /** The same with the other scheme. */
  #otherScheme: Peer | null = null;
  /** The last one that was forwarded with an address of its own. */
  #forwarded: Peer | null = null;

  /** False: its client is none that could name others; a proxy that passes on bytes sets no fields. */
  #namesOthers = true;

  constructor(peer: Peer) {
    this.#peer = peer;
  }

  /** Who is at the other end, or is said to be by a PROXY header. */
  get peer(): Peer {
    return this.#peer;
  }

  /** Before the first request: what the handshake told of the other end. */
  showed(seen: Pick<Peer, 'certificate' | 'tls'>): void {
    this.#peer = { ...this.#peer, ...seen };
  }

  /**
   * A PROXY header has come. `client`: null when it names none; then it is who is connected.
   * @param forwards it passes on requests of others, whom it may name with each
   */
  introduce(
    introduction: Introduction,
    client: Pick<Peer, 'address' | 'port'> | null,
    forwards: boolean,
  ): void {
    this.#namesOthers = forwards;
    const { address, port } = this.#peer;
    const proxy = client === null ? {} : { proxy: { address, port } };
    this.#peer = { ...this.#peer, ...client, introduction, ...proxy };
  }

  of(head: RequestHead): Peer {
    return head.forwarded === null ? this.#peer : this.#forwardedPeer(head.forwarded);
  }

  #forwardedPeer({ secure, address }: Forwarded): Peer {
    const peer = this.#peer;
    const scheme = secure === null ? peer.scheme : secure ? 'https' : 'http';
    if (address === null || !this.#namesOthers) {
      if (scheme === peer.scheme) return peer;
      this.#otherScheme ??= { ...peer, scheme };
      return this.#otherScheme;
    }
    const last = this.#forwarded;
    if (last !== null && last.address === address && last.scheme === scheme) return last;
    // Nobody tells the client's port.
    const proxy = peer.proxy ?? { address: peer.address, port: peer.port };
    this.#forwarded = { ...peer, address, port: 0, scheme, proxy };
    return this.#forwarded;
  }
}
