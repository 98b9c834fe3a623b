// The hooks of one stage of the arbiter, made from its config file, and what the lives of its workers mean to them.

import type { Log } from '../../observe/log.ts';
import { type HookFile, hooksIn } from '../../settings/hooks.ts';
import type { Settings } from '../../settings/settings.ts';
import {
  type HookServer,
  type HookWorker,
  type InnerHooks,
  LAST_HOOKS,
  LAST_HOOKS_MS,
} from '../../wire/hooks.ts';
import type { WorkerLives } from '../fleet/generation.ts';
import type { WorkerHandle } from '../fleet/worker-handle.ts';
import { unlessStopped } from '../unless-stopped.ts';
import { Hooks } from './hooks.ts';
import { pythonHost } from './python-host.ts';
import { scriptHost } from './script-host.ts';

/** What a stage is told of hooks. */
export interface Hooking {
  /** The file that defines them; null: there are none. */
  readonly file: HookFile | null;
  /** Those of the stage that serves; null: there are none. */
  current(): Hooks | null;
  /** The arbiter as it is now. */
  picture(): HookServer;
  /** Called when the file has been evaluated and nothing is bound yet. A rejection is the end of the stage. */
  beforeBind(hooks: Hooks): Promise<void>;
}

/** Evaluates the file where it has hooks for the arbiter. Rejects with an Error with a sentence for people, and when it is `stopped`. */
export async function beginHooks(
  hooking: Hooking,
  settings: Settings,
  log: () => Log,
  stopped: AbortSignal | null,
): Promise<Hooks | null> {
  const { file } = hooking;
  const names = hooksIn('arbiter', file).map(({ name }) => name);
  if (file === null || names.length === 0) return null;
  const hooks: Hooks = new Hooks({
    file: file.name,
    names: new Set(names),
    timeoutMs: settings.hook_timeout * 1000,
    start: {
      kind: file.kind === 'python module' ? 'module' : 'file',
      where: file.where,
      names,
      pid: process.pid,
      chdir: settings.chdir,
      cfg: settings,
    },
    startHost: file.kind === 'script' ? scriptHost(file) : pythonHost(file),
    log,
    server: () => {
      const picture = hooking.picture();
      // Before it serves, it is as its settings want it to be.
      return hooking.current() === hooks ? picture : { ...picture, num_workers: settings.workers };
    },
  });
  try {
    await unlessStopped(
      stopped,
      () => hooks.close(),
      async () => {
        await hooks.begin();
        await hooking.beforeBind(hooks);
      },
    );
    return hooks;
  } catch (error) {
    hooks.close();
    throw error;
  }
}

/** `own`: those of the stage that the workers are of. What ends is told to those of the stage that serves by then. */
export function livesOf(own: Hooks | null, current: () => Hooks | null): WorkerLives {
  return {
    beforeStart: (worker) => {
      if (own?.has('pre_fork') !== true) return null;
      const calls = own.callsAhead + 1;
      return { calls, over: own.tell('pre_fork', pictureOf(worker, false)) };
    },
    applicationEnded: (worker, pid, gone) => {
      // First: those that wait behind it are of workers that live.
      if (gone) own?.withdraw('pre_fork', worker.age);
      void current()?.tell('child_exit', { ...pictureOf(worker, gone), pid });
    },
  };
}

export function pictureOf(worker: WorkerHandle, gone: boolean): HookWorker {
  return {
    age: worker.age,
    // Nothing of the application is there before the worker has told of it.
    pid: ['booting', 'waiting'].includes(worker.state) ? null : worker.applicationPid,
    loop_pid: worker.pid,
    booted: worker.servedMs !== null,
    gone,
  };
}

/** What workers are told of the hooks that run inside the application; null: there are none. */
export function innerHooks(
  file: HookFile | null,
  settings: Settings,
  app: 'wsgi' | 'node',
): Omit<InnerHooks, 'age'> | null {
  const names = hooksIn('worker', file).map(({ name }) => name);
  if (file === null || names.length === 0) return null;
  if ((file.kind === 'script') !== (app === 'node')) return null;
  const kinds = { 'python file': 'file', 'python module': 'module', script: 'script' } as const;
  return {
    kind: kinds[file.kind],
    where: file.where,
    folder: file.folder,
    names,
    timeout: settings.hook_timeout,
    ppid: process.pid,
    num_workers: settings.workers,
  };
}

/** How long a worker that is told to leave at once calls hooks for before it does. */
export function lastHooksMs(inner: Pick<InnerHooks, 'names' | 'timeout'> | null): number {
  if (inner === null || !inner.names.some((name) => LAST_HOOKS.includes(name))) return 0;
  return Math.min(LAST_HOOKS_MS, inner.timeout * 1000);
}
