// What the I/O loop has to say to one thread, gathered into one message per turn of the loop, and the shape of each
// operation in the batch.

import type { MessagePort } from 'node:worker_threads';
import type { BoundAddress } from '../../../wire/addresses.ts';
import {
  BodyKind,
  bytesToItem,
  type Item,
  joinFields,
  joinPeer,
  ToGuest,
  versionItem,
} from '../../../wire/node-thread.ts';
import type { Job, Peer } from '../../app-thread.ts';
import { fieldsOf } from './fields.ts';

export class HostOutbox {
  readonly #port: MessagePort;
  #batch: Item[] = [];
  #transfers: ArrayBuffer[] = [];
  #scheduled = false;
  readonly #peers = new WeakMap<Peer, string>();
  readonly #flush = (): void => this.flush();

  constructor(port: MessagePort) {
    this.#port = port;
  }

  /** `ahead`: what of a streaming body travels along; `complete`: it is all of it. */
  request(ticket: number, job: Job, ahead: Buffer | null, complete: boolean): void {
    const { head, body } = job;
    let kind: number = BodyKind[body.kind];
    let item: Item = '';
    if (body.kind === 'bytes') item = bytesToItem(body.bytes, this.#transfers);
    else if (body.kind === 'file') item = body.path;
    else if (body.kind === 'stream') {
      if (ahead !== null) item = bytesToItem(ahead, this.#transfers);
      if (complete) kind = BodyKind.bytes;
    } else if (head.upgrade !== null || head.method === 'CONNECT') kind = BodyKind.upgradable;
    this.#open().push(
      ToGuest.request,
      ticket,
      head.method,
      head.target,
      versionItem(head.minorVersion, head.keepAlive, head.expects),
      joinFields(fieldsOf(job)),
      this.#peer(job.peer),
      kind,
      item,
    );
  }

  body(ticket: number, bytes: Buffer): void {
    this.#open().push(ToGuest.body, ticket, bytesToItem(bytes, this.#transfers));
  }

  bodyEnd(ticket: number, trailers: readonly string[]): void {
    this.#open().push(ToGuest.bodyEnd, ticket, joinFields(trailers));
  }

  credit(ticket: number, bytes: number): void {
    this.#open().push(ToGuest.credit, ticket, bytes);
  }

  /** An operation that needs its ticket only. */
  tell(operation: number, ticket: number): void {
    this.#open().push(operation, ticket);
  }

  /** Of the whole thread. */
  say(operation: typeof ToGuest.stop | typeof ToGuest.shutdown): void {
    this.#open().push(operation);
  }

  listening({ host, port }: BoundAddress): void {
    this.#open().push(ToGuest.listening, host, port);
  }

  flush(): void {
    this.#scheduled = false;
    if (this.#batch.length === 0) return;
    const batch = this.#batch;
    const transfers = this.#transfers;
    this.#batch = [];
    if (transfers.length > 0) this.#transfers = [];
    this.#port.postMessage(batch, transfers);
  }

  #open(): Item[] {
    if (!this.#scheduled) {
      this.#scheduled = true;
      setImmediate(this.#flush);
    }
    return this.#batch;
  }

  #peer(peer: Peer): string {
    let joined = this.#peers.get(peer);
    if (joined === undefined) {
      joined = joinPeer(peer);
      this.#peers.set(peer, joined);
    }
    return joined;
  }
}
