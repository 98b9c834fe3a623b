// The hooks of one reading of the config file that run beside the arbiter: called one after another, in the order in which
// things happened, each with a deadline. One that is overdue is ended together with the others' globals, and the next
// call begins with the file evaluated anew; so is one whose host has died. Nothing here ever keeps the arbiter waiting
// for longer than `hook_timeout` for each hook.

import { messageOf } from '../../message-of.ts';
import type { Log } from '../../observe/log.ts';
import { EVALUATE_MS } from '../../settings/evaluation.ts';
import type { ArbiterHook } from '../../settings/hooks.ts';
import type {
  FromHooks,
  HookFailure,
  HookServer,
  HookStart,
  HookWorker,
} from '../../wire/hooks.ts';
import { LOG_LEVELS } from '../../wire/log-levels.ts';
import type { HookHost, StartHost } from './hook-host.ts';

/** Calls that wait. A hook that hangs while workers die by the dozen must not fill our memory. */
const WAITING_MAX = 1000;

export interface HooksParts {
  /** Of the config file, for people. */
  readonly file: string;
  readonly names: ReadonlySet<string>;
  readonly timeoutMs: number;
  readonly start: HookStart;
  readonly startHost: StartHost;
  /** Asked for anew for each line. */
  log(): Log;
  /** The arbiter as it is now. */
  server(): HookServer;
}

interface Call {
  readonly hook: ArbiterHook;
  readonly worker: HookWorker | null;
  readonly args: readonly (number | null)[];
  readonly server: HookServer;
  readonly settle: (error: Error | null) => void;
}

type State =
  | { readonly kind: 'none' }
  | { readonly kind: 'starting'; readonly host: HookHost }
  | { readonly kind: 'idle'; readonly host: HookHost }
  | { readonly kind: 'busy'; readonly host: HookHost; readonly call: Call; readonly id: number }
  | { readonly kind: 'closed' };

export class Hooks {
  readonly #parts: HooksParts;
  readonly #waiting: Call[] = [];
  #state: State = { kind: 'none' };
  #timer: NodeJS.Timeout | null = null;
  #lastId = 0;
  #retired = false;
  #closed: () => void = () => undefined;
  /** Waits for the first host to be ready. */
  #begun: ((error: Error | null) => void) | null = null;

  constructor(parts: HooksParts) {
    this.#parts = parts;
  }

  has(hook: ArbiterHook): boolean {
    return this.#parts.names.has(hook);
  }

  /** Evaluates the file. Rejects with an Error with a sentence for people, and the traceback. */
  begin(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#begun = (error) => {
        this.#begun = null;
        if (error === null) resolve();
        else reject(error);
      };
      this.#start();
    });
  }

  /**
   * Calls a hook when those before it have ended; where there is none, nothing. Resolves when it has returned. Rejects with an
   * Error with a sentence for people when it raised or was overdue.
   */
  call(hook: ArbiterHook, worker: HookWorker | null, ...args: (number | null)[]): Promise<void> {
    if (!this.has(hook) || this.#state.kind === 'closed') return Promise.resolve();
    if (this.#waiting.length >= WAITING_MAX) {
      return Promise.reject(
        new Error(`${hook} is not called: ${WAITING_MAX} hooks wait before it.`),
      );
    }
    return new Promise((resolve, reject) => {
      const settle = (error: Error | null): void => (error === null ? resolve() : reject(error));
      this.#waiting.push({ hook, worker, args, server: this.#parts.server(), settle });
      this.#next();
    });
  }

  /** As `call`; what goes wrong is a line in the log. Never rejects. */
  async tell(
    hook: ArbiterHook,
    worker: HookWorker | null,
    ...args: (number | null)[]
  ): Promise<void> {
    try {
      await this.call(hook, worker, ...args);
    } catch (error) {
      this.#parts.log().error(messageOf(error));
    }
  }

  /** How many hooks are called before the next one that is asked for. */
  get callsAhead(): number {
    return this.#waiting.length + (this.#state.kind === 'busy' ? 1 : 0);
  }

  /** The worker of this age has gone: what was asked for it, and has not begun, is not called any more. */
  withdraw(hook: ArbiterHook, age: number): void {
    const vain = this.#waiting.filter((call) => call.hook === hook && call.worker?.age === age);
    for (const call of vain) {
      this.#waiting.splice(this.#waiting.indexOf(call), 1);
      call.settle(null);
    }
    this.#next();
  }

  /** Another reading of the file has taken its place: calls that wait are the last ones. */
  retire(): void {
    this.#retired = true;
    this.#next();
  }

  /** Calls what waits, for no longer in all than one hook may take, and closes. */
  async finish(): Promise<void> {
    if (this.#state.kind === 'closed') return;
    const drained = new Promise<void>((resolve) => {
      this.#closed = resolve;
    });
    const late = setTimeout(() => this.#giveUp(), this.#parts.timeoutMs);
    this.retire();
    await drained;
    clearTimeout(late);
  }

  /** The last ones took too long. */
  #giveUp(): void {
    const state = this.#state;
    const running = state.kind === 'busy' ? [state.call] : [];
    const late = [...running, ...this.#waiting].map(({ hook }) => hook);
    const { file, timeoutMs } = this.#parts;
    this.#parts
      .log()
      .error(
        `Hooks in ${file} had not returned ${timeoutMs / 1000} s (hook_timeout) after the end of all workers, and are given up: ${[...new Set(late)].join(', ')}.`,
      );
    // With the commands that it waits for.
    if ('host' in state) state.host.kill();
    this.close();
  }

  /** Ends what runs; calls that wait are dropped. */
  close(): void {
    const state = this.#state;
    this.#state = { kind: 'closed' };
    this.#disarm();
    if ('host' in state) state.host.close();
    if (state.kind === 'busy') state.call.settle(null);
    for (const call of this.#waiting.splice(0)) call.settle(null);
    this.#begun?.(null);
    this.#closed();
  }

  #next(): void {
    const isEmpty = this.#state.kind !== 'busy' && this.#waiting.length === 0;
    if (this.#retired && isEmpty && this.#state.kind !== 'closed') this.close();
    if (this.#state.kind === 'none' && this.#waiting.length > 0) this.#start();
    if (this.#state.kind !== 'idle') return;
    const call = this.#waiting.shift();
    if (call === undefined) return;
    const { host } = this.#state;
    this.#lastId += 1;
    this.#state = { kind: 'busy', host, call, id: this.#lastId };
    const { timeoutMs } = this.#parts;
    this.#arm(timeoutMs, `has not returned within ${timeoutMs / 1000} s (hook_timeout)`);
    const { hook, server, worker, args } = call;
    host.say({ id: this.#lastId, hook, server, worker, args });
  }

  #start(): void {
    // What one that was given up says afterwards is not about the one that took its place.
    const isCurrent = (): boolean => 'host' in this.#state && this.#state.host === host;
    const host = this.#parts.startHost(this.#parts.start, {
      said: (message) => {
        if (isCurrent()) this.#said(message);
      },
      ended: (how) => {
        if (isCurrent()) this.#lost(how);
      },
    });
    this.#state = { kind: 'starting', host };
    this.#arm(EVALUATE_MS, `was not evaluated within ${EVALUATE_MS / 1000} s`);
  }

  #said(message: FromHooks): void {
    const state = this.#state;
    if ('log' in message) this.#write(message.log, message.text);
    else if ('ready' in message) this.#ready();
    else if (!('id' in message)) this.#lost('ended', message.error);
    else if (state.kind === 'busy' && message.id === state.id) {
      this.#disarm();
      this.#state = { kind: 'idle', host: state.host };
      state.call.settle(message.error === null ? null : this.#failure(state.call, message.error));
      this.#next();
    }
  }

  #ready(): void {
    if (this.#state.kind !== 'starting') return;
    this.#disarm();
    this.#state = { kind: 'idle', host: this.#state.host };
    this.#begun?.(null);
    this.#next();
  }

  /** The host has gone, or is ended now: whoever waits for it hears why, and the next call starts another. */
  #lost(how: string, error: HookFailure | null = null): void {
    const state = this.#state;
    if (!('host' in state)) return;
    this.#disarm();
    this.#state = { kind: 'none' };
    state.host.kill();
    if (state.kind === 'busy') {
      state.call.settle(new Error(`${state.call.hook} in ${this.#parts.file} ${how}.`));
    } else if (state.kind === 'starting') {
      const why = error === null ? how : `${error.message}${below(error)}`;
      const problem = new Error(`The hooks of ${this.#parts.file} cannot be run: ${why}`);
      if (this.#begun !== null) this.#begun(problem);
      else this.#waiting.shift()?.settle(problem);
    } else if (state.kind === 'idle') {
      const next = 'the next call evaluates it anew';
      this.#parts.log().warning(`The process for hooks of ${this.#parts.file} ${how}; ${next}.`);
    }
    this.#next();
  }

  #failure({ hook }: Call, error: HookFailure): Error {
    return new Error(`${hook} in ${this.#parts.file} failed: ${error.message}${below(error)}`);
  }

  #arm(ms: number, why: string): void {
    this.#timer = setTimeout(() => this.#lost(why), ms);
  }

  #disarm(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  #write(level: string, text: string): void {
    const known = LOG_LEVELS.find((one) => one === level) ?? 'info';
    this.#parts.log()[known](text);
  }
}

function below({ detail }: HookFailure): string {
  return detail === '' ? '' : `\n${detail}`;
}
