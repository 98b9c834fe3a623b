// The interpreter of one Python process: what it is told and asked on the control socket, for how long it has answered
// nothing, and where its threads are when it does not. An answer proves that it runs; until one comes nobody may know.

import type { Buffer } from 'node:buffer';
import { monotonicMs } from '../../clock.ts';
import { parseLoading } from './boot.ts';
import type { PythonThread } from './channel.ts';
import { ControlChannel, type ControlListener, EMPTY, ToControl } from './control.ts';
import { FaultStacks } from './fault-stacks.ts';
import { heldStack } from './held-stack.ts';
import { ANSWER_MS, type Interrupted } from './interruption.ts';
import { Ledger } from './ledger.ts';
import type { PythonWires } from './spawn.ts';
import { type Withdrawn, withdraw } from './withdrawal.ts';

/** The process that it runs in. */
export interface InterpreterOwner {
  /** 0 before there is one. */
  readonly pid: number;
  readonly hasEnded: boolean;
  /** The application is loaded, and nobody has asked the process to end. */
  readonly isRunning: boolean;
  /** It answers again: whoever waited for that has room. */
  answersAgain(): void;
  /** It has not answered within ANSWER_MS. */
  isSilent(): void;
}

export class Interpreter implements Interrupted {
  readonly #owner: InterpreterOwner;
  #control: ControlChannel | null = null;
  #fault: FaultStacks | null = null;
  #ledger: Ledger | null = null;
  #faultSignal = 0;
  #inDoubt = false;
  /** When the first of the questions was asked that nothing has answered since; null: there is none. */
  #silentSinceMs: number | null = null;

  constructor(owner: InterpreterOwner) {
    this.#owner = owner;
  }

  /** The process is there. */
  open({ control, fault }: PythonWires, listener: ControlListener): void {
    this.#fault = new FaultStacks(fault);
    this.#control = new ControlChannel(control, listener, () => this.#answers());
  }

  /** It has said where its stacks and its ledger can be had. */
  loading(payload: string): void {
    const { faultSignal, ledger } = parseLoading(payload);
    this.#faultSignal = faultSignal;
    this.#ledger?.close();
    this.#ledger = new Ledger(this.#owner.pid, ledger);
  }

  /** Nobody knows whether it runs: until it has answered, nothing should be given to it. */
  get isInDoubt(): boolean {
    return this.#inDoubt;
  }

  doubt(): void {
    this.#inDoubt = true;
  }

  /** Number of the last request that this thread has begun; null when nobody knows. Also after its death. */
  begun(thread: number): number | null {
    return this.#ledger?.begun(thread) ?? null;
  }

  tell(kind: number, payload: Buffer, aux = 0): void {
    this.#control?.tell(kind, payload, aux);
  }

  /** True when it answered within `withinMs` milliseconds. False also for one that is gone. */
  async ping(withinMs: number): Promise<boolean> {
    const late = setTimeout(() => this.doubt(), ANSWER_MS);
    const answer = await this.ask(ToControl.PING, EMPTY, withinMs);
    clearTimeout(late);
    return answer !== null;
  }

  /** See Interrupted. */
  async ask(kind: number, payload: Buffer, withinMs: number): Promise<string | null> {
    this.#silentSinceMs ??= monotonicMs();
    const answer = await this.#ask(kind, payload, withinMs);
    if (answer !== null) this.#answers();
    return answer;
  }

  /** See withdrawal.ts. */
  withdraw(goesOn: () => boolean, what: Withdrawn): Promise<number | null> {
    return withdraw({ goesOn, ask: (...question) => this.#ask(...question) }, what);
  }

  /** See Interrupted. */
  get silentMs(): number {
    return this.#silentSinceMs === null ? 0 : monotonicMs() - this.#silentSinceMs;
  }

  /** See Interrupted. */
  isSilent(): void {
    this.#owner.isSilent();
  }

  /** Where every thread of the application is, by name; by signal when the interpreter does not answer. */
  async stacks(): Promise<string> {
    return (await this.ask(ToControl.STACKS, EMPTY, ANSWER_MS)) ?? (await this.stacksBySignal());
  }

  /** See Interrupted. */
  async heldStack(thread: PythonThread, request: number): Promise<string> {
    return heldStack(await this.stacksBySignal(), this.#ledger, thread.index, request);
  }

  /** Where all threads are, without the interpreter's help; the main thread while the application is loaded. */
  async stacksBySignal(): Promise<string> {
    if (this.#fault === null || this.#owner.hasEnded || this.#faultSignal === 0) return '';
    // Not child.kill: it takes no real-time signals.
    return this.#fault.ask(() => process.kill(this.#owner.pid, this.#faultSignal));
  }

  close(): void {
    this.#control?.close();
    this.#fault?.close();
    this.#ledger?.close();
  }

  /** Whether it answers this says nothing of whether it runs. */
  async #ask(kind: number, payload: Buffer, withinMs: number): Promise<string | null> {
    return (await this.#control?.ask(kind, payload, withinMs)) ?? null;
  }

  #answers(): void {
    this.#silentSinceMs = null;
    if (!this.#inDoubt || !this.#owner.isRunning) return;
    this.#inDoubt = false;
    this.#owner.answersAgain();
  }
}
