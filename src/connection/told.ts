// What logs are told of one request: whose it was, what was answered, who ended it and in which state. The first cause of an
// end stands: what follows from it says nothing new.

import type { ParsedHead } from '../http1/head.ts';
import type { Peer } from '../threads/app-thread.ts';
import type { ConnectionContext } from './context.ts';
import type { LoggedExchange } from './effects.ts';
import { WHOLE } from './end-codes.ts';
import type { Ender } from './failures.ts';
import type { Moments } from './moments.ts';
import { OWING } from './states.ts';

export abstract class Told implements LoggedExchange {
  readonly head: ParsedHead;
  readonly peer: Peer;
  readonly beganMs: number;
  status = '';
  replyFields = '';
  bodyBytes = 0;
  endCode: string = WHOLE;
  failureCode = '';
  isProbe = false;
  waitedMs = 0;
  queuedMs: number | null = null;
  heldMs: number | null = null;
  readonly phases: Moments | null;
  /** When the application began it, ms of the wheel; 0 while it has not. */
  startedMs = 0;
  /** The same, monotonic ms, where its thread told; 0 where not. */
  protected begunAtMs = 0;

  constructor(head: ParsedHead, peer: Peer, beganMs: number, phases: Moments | null) {
    this.head = head;
    this.peer = peer;
    this.beganMs = beganMs;
    this.phases = phases;
  }

  abstract get takenOver(): object | null;

  /** Of the state that its connection is in now; empty when it has none any more. */
  protected abstract get letter(): string;

  /** Before its response has left whole. `code`: of its line in the error log, if it has one. */
  endedBy(ender: Ender, code = '', letter = this.letter): void {
    if (this.endCode !== WHOLE) return;
    this.endCode = ender + letter;
    this.failureCode = code;
  }

  /** `atMs`: when, where that is known better than by now; 0 where not. */
  protected begun(context: Pick<ConnectionContext, 'now' | 'wheel'>, atMs: number): void {
    this.startedMs = context.wheel.nowMs;
    this.begunAtMs = atMs;
    this.queuedMs = Math.max(0, (atMs > 0 ? atMs : context.now()) - this.beganMs);
  }

  /** Its thread is done with it. */
  protected letGo(context: Pick<ConnectionContext, 'now'>): void {
    if (this.queuedMs === null || this.heldMs !== null) return;
    this.heldMs = Math.max(0, context.now() - this.beganMs - this.queuedMs);
  }

  /** It was handed back. */
  protected notBegun(): void {
    this.startedMs = 0;
    this.queuedMs = null;
  }

  /** Its connection closes in the state of this letter. Told when whoever has it was asked whether it had begun. */
  left(letter: string): void {
    const begun = letter === OWING.queued.letter && this.startedMs > 0;
    this.endedBy('C', '', begun ? OWING.running.letter : letter);
    if (begun) this.phases?.begunAt(this.begunAtMs);
  }
}
