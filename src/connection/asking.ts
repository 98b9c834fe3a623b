// What the limits of clients say about the requests of one connection, one after another: asked when a head is complete, before
// its body is read. The answer may come later, and the one about the connection itself may, too: its first head waits for both. A
// client that leaves meanwhile, and a deadline that passes, leave nothing behind.

import type { ParsedHead } from '../http1/head.ts';
import { ADMITTED, type Admission, type Verdict } from '../limits/verdict.ts';
import type { Peer } from '../threads/app-thread.ts';
import type { ConnectionContext } from './context.ts';
import type { Entrance } from './entrance.ts';

/** The connection. */
export interface AskingOwner {
  /** Whose request it is. */
  peerOf(head: ParsedHead): Peer;
  /** What was asked for later is there. */
  answered(): void;
  abandon(reset: boolean): void;
}

export class Asking {
  readonly #context: ConnectionContext;
  readonly #owner: AskingOwner;
  /** Of the connection itself. */
  readonly entrance: Entrance;
  #verdict: Verdict = ADMITTED;
  #awaited: PromiseLike<Verdict> | null = null;
  /** A head about which nobody is asked before its connection may stay. */
  #first: ParsedHead | null = null;

  constructor(context: ConnectionContext, owner: AskingOwner, entrance: Entrance) {
    this.entrance = entrance;
    entrance.onRefused = () => owner.abandon(true);
    entrance.onEntered = () => this.#entered();
    this.#context = context;
    this.#owner = owner;
  }

  /** About the request that is being read or answered. */
  get verdict(): Verdict {
    return this.#verdict;
  }

  /** False: the answer comes later, and `owner.answered` is called then. */
  ask(head: ParsedHead): boolean {
    const { admission, probes } = this.#context;
    if (admission === null || probes?.asks(head)) return true;
    if (!this.entrance.isAsked) return this.#askOf(admission, head);
    this.#first = head;
    return false;
  }

  #askOf(admission: Admission, head: ParsedHead): boolean {
    const asked = admission.ask(head, this.#owner.peerOf(head), this.entrance.known);
    if (!('then' in asked)) {
      this.#verdict = asked;
      return true;
    }
    this.#awaited = asked;
    asked.then(
      (verdict) => this.#came(asked, verdict),
      () => {
        if (this.#awaited === asked) this.late();
      },
    );
    return false;
  }

  /** No thread sees this request: the server answers by itself. */
  answersItself(head: ParsedHead): boolean {
    return this.#verdict.refusal !== null || this.#context.probes?.asks(head) === true;
  }

  /** limit_store_timeout has passed. Whoever should count is at fault, and not the client. */
  late(): void {
    this.#awaited = null;
    this.#first = null;
    this.entrance.letIn();
    this.#context.admission?.late();
    this.#owner.answered();
  }

  /** The request is over, or its client has gone. Said again, it means nothing. */
  over(): void {
    this.#awaited = null;
    this.#first = null;
    const verdict = this.#verdict;
    if (verdict === ADMITTED) return;
    this.#verdict = ADMITTED;
    this.#context.admission?.over(verdict);
  }

  /** The connection may stay: now its first request is asked about. */
  #entered(): void {
    const { admission } = this.#context;
    const head = this.#first;
    this.#first = null;
    if (head === null || admission === null) return;
    if (this.#askOf(admission, head)) this.#owner.answered();
  }

  #came(asked: PromiseLike<Verdict>, verdict: Verdict): void {
    if (this.#awaited !== asked) {
      this.#context.admission?.over(verdict);
      return;
    }
    this.#awaited = null;
    this.#verdict = verdict;
    this.#owner.answered();
  }
}
