// What logs are told of one request: whose it was, what was answered, who ended it and in which state. The first cause of an
// end stands: what follows from it says nothing new.

import type { ParsedHead } from '../../http1/head.ts';
import type { Verdict } from '../../limits/verdict.ts';
import type { AppThread, Peer } from '../../threads/app-thread.ts';
import { type Trace, withoutField } from '../../trace/trace.ts';
import type { ConnectionContext } from '../context.ts';
import type { LoggedExchange } from '../effects.ts';
import { WHOLE } from '../states/end-codes.ts';
import type { Ender } from '../states/failures.ts';
import type { Moments } from '../states/moments.ts';
import { OWING } from '../states/states.ts';
import { serverTiming } from './server-timing.ts';

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
  readonly trace: Trace | null;
  threadName = '';
  /** When the application began it, ms of the wheel; 0 while it has not. */
  startedMs = 0;
  /** The same, monotonic ms, where its thread told; 0 where not. */
  protected begunAtMs = 0;

  readonly #context: Pick<ConnectionContext, 'now' | 'toldOfTimes'>;

  constructor(context: ConnectionContext, head: ParsedHead, peer: Peer, phases: Moments | null) {
    this.#context = context;
    this.trace = context.tracing?.begin(head.fields) ?? null;
    const { dropsState = false } = this.trace ?? {};
    this.head = dropsState ? { ...head, fields: withoutField(head.fields, 'tracestate') } : head;
    this.peer = peer;
    this.beganMs = context.now();
    this.phases = phases;
  }

  abstract get thread(): AppThread | null;

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
    if (this.trace !== null) this.threadName = this.thread?.name ?? '';
    this.queuedMs = Math.max(0, (atMs > 0 ? atMs : context.now()) - this.beganMs);
  }

  /** Its thread is done with it. */
  protected letGo(context: Pick<ConnectionContext, 'now'>): void {
    if (this.queuedMs === null || this.heldMs !== null) return;
    this.heldMs = Math.max(0, context.now() - this.beganMs - this.queuedMs);
  }

  /** What limits say, with where the time went for those who are told. */
  protected withTimes(verdict: Verdict): Verdict {
    const { toldOfTimes, now } = this.#context;
    if (toldOfTimes === null || this.phases === null || !toldOfTimes(this.peer.address)) {
      return verdict;
    }
    return { ...verdict, fields: verdict.fields + serverTiming(this.phases, now()) };
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
