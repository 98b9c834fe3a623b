// The thread of script-host.ts that runs the hooks: loads the config file and calls them, one after another, as it is
// told. What hooks are given are pictures of the arbiter and its workers on objects that stay the same.

import { parentPort } from 'node:worker_threads';
import { loadConfig } from '../../settings/config-file.ts';
import type { HookCfg, HookLog, Server, WorkerOfServer } from '../../settings/hook-types.ts';
import { variablesIn } from '../../settings/raw-env.ts';
import type {
  FromHooks,
  HookCall,
  HookFailure,
  HookStart,
  HookWorker,
  ToHooks,
} from '../../wire/hooks.ts';
import { LOG_LEVELS } from '../../wire/log-levels.ts';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };
type Hook = (...args: unknown[]) => unknown;

if (parentPort === null) throw new Error('script-thread runs in a worker_threads thread');
const port = parentPort;

function say(message: FromHooks): void {
  port.postMessage(message);
}

const log = Object.fromEntries(
  LOG_LEVELS.map((level) => [level, (text: unknown) => say({ log: level, text: String(text) })]),
) as unknown as HookLog;

class Hooks {
  readonly #exported: Readonly<Record<string, unknown>>;
  readonly #server: Mutable<Server>;
  /** By age: what a hook has left on one is there until it has gone. */
  readonly #workers = new Map<number, Mutable<WorkerOfServer>>();

  constructor(exported: object, { pid, cfg }: HookStart) {
    this.#exported = { ...exported };
    const settings = cfg as HookCfg;
    this.#server = {
      pid,
      cfg: settings,
      log,
      num_workers: 0,
      worker_age: 0,
      listeners: [],
      workers: [],
    };
  }

  async run({ hook, server, worker, args }: HookCall): Promise<void> {
    const { num_workers, worker_age, listeners } = server;
    const known = new Set([...server.workers, ...(worker === null ? [] : [worker])]);
    const ages = new Set([...known].map(({ age }) => age));
    for (const age of this.#workers.keys()) if (!ages.has(age)) this.#workers.delete(age);
    const workers = server.workers.map((one) => this.#worker(one));
    Object.assign(this.#server, { num_workers, worker_age, listeners, workers });
    const about = worker === null ? [] : [this.#worker(worker)];
    await (this.#exported[hook] as Hook)(this.#server, ...about, ...args);
  }

  #worker({ age, pid, loop_pid, booted, gone }: HookWorker): WorkerOfServer {
    const { cfg, pid: ppid } = this.#server;
    const now = { pid, loop_pid, booted, alive: !gone };
    const worker = Object.assign(this.#workers.get(age) ?? { age, ppid, cfg, log, ...now }, now);
    this.#workers.set(age, worker);
    return worker;
  }
}

function told(error: unknown): HookFailure {
  const { name, message, stack = '' } = error instanceof Error ? error : new Error(String(error));
  return { message: `${name}: ${message}`, detail: stack };
}

async function begin({ start }: { readonly start: HookStart }): Promise<Hooks | null> {
  try {
    const exported = await loadConfig(start.where, start.where);
    const { raw_env: rawEnv } = start.cfg as { raw_env: readonly string[] };
    Object.assign(process.env, variablesIn(rawEnv));
    say({ ready: true });
    return new Hooks(exported as object, start);
  } catch (error) {
    say({ error: told(error) });
    return null;
  }
}

let hooks: Hooks | null = null;

port.on('message', async (message: ToHooks) => {
  if ('start' in message) {
    hooks = await begin(message);
    return;
  }
  let error: HookFailure | null = null;
  try {
    await hooks?.run(message);
  } catch (thrown) {
    error = told(thrown);
  }
  say({ id: message.id, error });
});
