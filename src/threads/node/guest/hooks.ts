// The server hooks of a tunicorn.config.ts that run inside a Node.js application: in each of its threads, which evaluates the
// file for itself. Loaded only where there are some; requests without pre_request and post_request never meet it.

import { configTypesPath } from '../../../package-folder.ts';
import { LOG_LEVELS } from '../../../wire/log-levels.ts';
import { type GuestHooks, RESPONSE_WINDOW } from '../../../wire/node-thread.ts';
import { type Begin, Exchange } from './exchange.ts';
import { importFile, LoadError, stackOf } from './load-app.ts';
import type { Outbox } from './outbox.ts';

type Hook = (...args: unknown[]) => unknown;
type Level = (typeof LOG_LEVELS)[number];

/** The head of an answer as it goes over the wire: status and fields. */
const ANSWER = /^HTTP\/1\.[01] (\d{3}[^\r\n]*)\r\n((?:[^\r\n]+\r\n)*)/;

/** `req` of pre_request and post_request. */
class HookRequest {
  readonly method: string;
  /** As the client wrote it; path and query are its parts. */
  readonly uri: string;
  readonly path: string;
  readonly query: string;
  readonly version: readonly [number, number];
  readonly peer_addr: readonly [string, number];
  readonly #fields: readonly string[];

  constructor({ facts, fields, peer }: Exchange) {
    const question = facts.target.indexOf('?');
    this.method = facts.method;
    this.uri = facts.target;
    this.path = question === -1 ? facts.target : facts.target.slice(0, question);
    this.query = question === -1 ? '' : facts.target.slice(question + 1);
    this.version = [1, facts.minorVersion];
    this.peer_addr = [peer.address, peer.port];
    this.#fields = fields;
  }

  /** Names and values as they were sent. */
  get headers(): [string, string][] {
    const pairs: [string, string][] = [];
    for (let at = 0; at + 1 < this.#fields.length; at += 2) {
      pairs.push([this.#fields[at] ?? '', this.#fields[at + 1] ?? '']);
    }
    return pairs;
  }
}

/** `resp` of post_request. */
class HookResponse {
  /** "200 OK"; null when the application began no response. */
  readonly status: string | null;
  readonly status_code: number | null;
  /** Bytes of the body that the application gave. */
  readonly sent: number;
  readonly #lines: string;

  constructor({ status, lines, sent }: HookedExchange) {
    this.status = status;
    this.status_code = status === null ? null : Number(status.slice(0, 3));
    this.sent = sent;
    this.#lines = lines;
  }

  /** As the application gave them. */
  get headers(): [string, string][] {
    return this.#lines
      .split('\r\n')
      .filter((line) => line !== '')
      .map((line) => {
        const colon = line.indexOf(':');
        return [line.slice(0, colon), line.slice(colon + 1).trim()];
      });
  }
}

/** An exchange that knows what was answered, and tells it when it is over. */
class HookedExchange extends Exchange {
  request: HookRequest | null = null;
  status: string | null = null;
  /** "name: value\r\n" each. */
  lines = '';
  sent = 0;

  override whole(...args: Parameters<Exchange['whole']>): void {
    const [status, fields, , body] = args;
    // A longer one goes as head and pieces.
    if (this.phase === 'running' && !this.gone && body.length <= RESPONSE_WINDOW) {
      this.#begin(status, fields);
      this.sent = body.length;
    }
    super.whole(...args);
  }

  override head(...args: Parameters<Exchange['head']>): void {
    if (this.phase === 'running') this.#begin(args[0], args[1]);
    super.head(...args);
  }

  override write(body: Uint8Array | string): boolean {
    if (this.phase === 'streaming' && this.status === null) this.#beginRaw(body);
    const isNew = this.phase === 'streaming' && !this.gone;
    // A text that cannot leave at once comes back as bytes.
    if (isNew && (typeof body !== 'string' || this.queuedBytes === 0)) this.sent += body.length;
    return super.write(body);
  }

  /** The application has taken the connection over, and writes its answer itself. */
  #beginRaw(body: Uint8Array | string): void {
    const text = typeof body === 'string' ? body : Buffer.from(body).toString('latin1');
    const [, status, lines = ''] = ANSWER.exec(text) ?? [];
    if (status !== undefined) this.#begin(status, lines);
  }

  #begin(status: string, fields: string): void {
    this.status = status;
    this.lines = fields;
  }
}

export class ThreadHooks {
  readonly #exported: Readonly<Record<string, unknown>>;
  readonly #worker: object & { booted: boolean; alive: boolean; nr: number };
  readonly #server: object;
  readonly #log: Readonly<Record<Level, (text: unknown) => void>>;

  constructor(exported: object, hooks: GuestHooks, outbox: Outbox) {
    this.#exported = { ...exported };
    const { age, cfg, num_workers, ppid, thread } = hooks;
    const log = Object.fromEntries(
      LOG_LEVELS.map((level) => [level, (text: unknown) => outbox.log(level, String(text))]),
    ) as unknown as Record<Level, (text: unknown) => void>;
    const pids = { pid: process.pid, loop_pid: process.pid, ppid, thread };
    this.#log = log;
    this.#server = {
      pid: ppid,
      cfg,
      log,
      num_workers,
      worker_age: age,
      listeners: [],
      workers: [],
    };
    const about = { age, ...pids, cfg, log };
    this.#worker = Object.assign(about, { booted: false, alive: true, nr: 0 });
  }

  /** Before the application is loaded. Rejects with LoadError: then it is not. */
  postFork(): Promise<void> {
    return this.#boot('post_fork', this.#server, this.#worker);
  }

  /** The application is loaded. Rejects as `postFork`. */
  async postWorkerInit(): Promise<void> {
    await this.#boot('post_worker_init', this.#worker);
    this.#worker.booted = true;
  }

  async workerExit(): Promise<void> {
    this.#worker.alive = false;
    await this.#tell('worker_exit', this.#server, this.#worker);
  }

  /** A request is past its time and was aborted. */
  readonly interrupted = (): void => void this.#tell('worker_abort', this.#worker);

  /** The kind of exchange that requests need; null: any. */
  get exchange(): typeof Exchange | null {
    if (!this.#seesRequests) return null;
    const hooks = this;
    return class extends HookedExchange {
      constructor(...[facts, outbox, limit, over]: ConstructorParameters<typeof Exchange>) {
        super(facts, outbox, limit, (exchange) => {
          over(exchange);
          hooks.#over(exchange as HookedExchange);
        });
      }
    };
  }

  /** The application behind pre_request. */
  around(begin: Begin): Begin {
    if (!this.#seesRequests) return begin;
    return (exchange) => {
      const request = new HookRequest(exchange);
      (exchange as HookedExchange).request = request;
      this.#worker.nr += 1;
      if (!this.#has('pre_request')) return begin(exchange);
      // What it throws is answered as what the application throws: 500.
      const failed = (error: unknown): void => exchange.fail(500, 'app-raised', stackOf(error));
      try {
        const answer = this.#call('pre_request', this.#worker, request);
        if (!(answer instanceof Promise)) return begin(exchange);
        answer.then(() => begin(exchange)).then(undefined, failed);
      } catch (error) {
        failed(error);
      }
    };
  }

  #over(exchange: HookedExchange): void {
    const { request } = exchange;
    if (request === null) return;
    exchange.request = null;
    void this.#tell('post_request', this.#worker, request, new HookResponse(exchange));
  }

  get #seesRequests(): boolean {
    return this.#has('pre_request') || this.#has('post_request');
  }

  #has(name: string): boolean {
    return typeof this.#exported[name] === 'function';
  }

  #call(name: string, ...args: unknown[]): unknown {
    return (this.#exported[name] as Hook)(...args);
  }

  async #boot(name: string, ...args: unknown[]): Promise<void> {
    try {
      if (this.#has(name)) await this.#call(name, ...args);
    } catch (error) {
      throw new LoadError(3, `${name} failed.\n${stackOf(error)}`);
    }
  }

  async #tell(name: string, ...args: unknown[]): Promise<void> {
    try {
      if (this.#has(name)) await this.#call(name, ...args);
    } catch (error) {
      this.#log.error(`Exception in ${name}\n${stackOf(error)}`);
    }
  }
}

/** Evaluates the config file. Rejects with LoadError. */
export async function loadHooks(hooks: GuestHooks, outbox: Outbox): Promise<ThreadHooks> {
  try {
    return new ThreadHooks(await exportOf(hooks.where), hooks, outbox);
  } catch (error) {
    throw new LoadError(3, `Failed to read config file ${hooks.where}.\n${stackOf(error)}`);
  }
}

async function exportOf(path: string): Promise<object> {
  const alias = { tunicorn: configTypesPath };
  const loaded = await importFile(path, { fsCache: false, alias });
  return (loaded as { readonly default: object }).default;
}
