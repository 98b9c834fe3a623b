// Gunicorn's server hooks: what each is given, and where it runs here. The arbiter's run beside the arbiter; the
// worker's where the application runs. What a config file defines is checked against this table before anything starts.

import { placeOf, type Source } from './source.ts';

export interface HookRow {
  /** What it is given, in order. */
  readonly takes: readonly string[];
  /** Fewer arguments that it may take instead, from the left. */
  readonly mayTake?: readonly number[];
  /** `nowhere`: it is named in a warning, with the reason. */
  readonly runsIn: 'arbiter' | 'worker' | { readonly nowhere: string };
}

const NO_DIRTY_POOL = { nowhere: 'there is no dirty pool' } as const;

export const HOOKS = {
  on_starting: { takes: ['server'], runsIn: 'arbiter' },
  when_ready: { takes: ['server'], runsIn: 'arbiter' },
  on_reload: { takes: ['server'], runsIn: 'arbiter' },
  nworkers_changed: { takes: ['server', 'new', 'old'], runsIn: 'arbiter' },
  pre_fork: { takes: ['server', 'worker'], runsIn: 'arbiter' },
  child_exit: { takes: ['server', 'worker'], runsIn: 'arbiter' },
  pre_exec: { takes: ['server'], runsIn: 'arbiter' },
  on_exit: { takes: ['server'], runsIn: 'arbiter' },
  post_fork: { takes: ['server', 'worker'], runsIn: 'worker' },
  post_worker_init: { takes: ['worker'], runsIn: 'worker' },
  worker_int: { takes: ['worker'], runsIn: 'worker' },
  worker_abort: { takes: ['worker'], runsIn: 'worker' },
  pre_request: { takes: ['worker', 'req'], runsIn: 'worker' },
  post_request: { takes: ['worker', 'req', 'environ', 'resp'], mayTake: [2, 3], runsIn: 'worker' },
  worker_exit: { takes: ['server', 'worker'], runsIn: 'worker' },
  ssl_context: {
    takes: ['config', 'default_ssl_context_factory'],
    runsIn: { nowhere: 'no Python speaks TLS here: see certfile and keyfile' },
  },
  on_dirty_starting: { takes: ['arbiter'], runsIn: NO_DIRTY_POOL },
  dirty_post_fork: { takes: ['arbiter', 'worker'], runsIn: NO_DIRTY_POOL },
  dirty_worker_init: { takes: ['worker'], runsIn: NO_DIRTY_POOL },
  dirty_worker_exit: { takes: ['arbiter', 'worker'], runsIn: NO_DIRTY_POOL },
} as const satisfies { readonly [name: string]: HookRow };

export type HookName = keyof typeof HOOKS;

type Running<Where> = {
  [N in HookName]: (typeof HOOKS)[N]['runsIn'] extends Where ? N : never;
}[HookName];

export type ArbiterHook = Running<'arbiter'>;
export type WorkerHook = Running<'worker'>;

/** A hook that a config file defines. */
export interface DefinedHook {
  readonly name: HookName;
  readonly source: Source;
}

/** The file that defines hooks, for those who run them. */
export interface HookFile {
  /** As given or found, for people. */
  readonly name: string;
  readonly kind: 'python file' | 'python module' | 'script';
  /** An absolute path, or the name of the module. */
  readonly where: string;
  /** Where the command was given, absolute: the file is evaluated there. */
  readonly folder: string;
  /** The Python that evaluates it: a path, or a name on PATH. */
  readonly python: string;
  readonly defined: readonly DefinedHook[];
}

export function isHookName(name: string): name is HookName {
  return Object.hasOwn(HOOKS, name);
}

/** A sentence about a hook that runs nowhere; null for all others. */
export function whyNowhere({ name, source }: DefinedHook): string | null {
  const { runsIn }: HookRow = HOOKS[name];
  if (typeof runsIn === 'string') return null;
  return `${name} ${placeOf(source)} is never called: ${runsIn.nowhere}.`;
}

/** What is wrong with the number of arguments that a hook takes, as a sentence; null: it fits. `arity` null: any number. */
export function whyNoFit({ name, source }: DefinedHook, arity: number | null): string | null {
  const { takes, mayTake = [] }: HookRow = HOOKS[name];
  if (arity === null || arity === takes.length || mayTake.includes(arity)) return null;
  const wanted = `${takes.length} (${takes.join(', ')})`;
  return `${name} ${placeOf(source)} takes ${arity} arguments and is called with ${wanted}.`;
}

/** Those that run in the arbiter, or where the application runs. */
export function hooksIn(
  where: 'arbiter' | 'worker',
  file: HookFile | null,
): readonly DefinedHook[] {
  return (file?.defined ?? []).filter(({ name }) => HOOKS[name].runsIn === where);
}

/** Sentences about worker-side hooks that do not run where the application is of that kind. */
export function warningsForApp(file: HookFile | null, app: 'wsgi' | 'node'): readonly string[] {
  if (file === null) return [];
  const isScript = file.kind === 'script';
  const inside = hooksIn('worker', file).map(({ name }) => name);
  if (isScript === (app === 'node')) {
    if (!isScript || !inside.includes('worker_int')) return [];
    return [`${file.name}: worker_int is not called: threads of Node.js are ended at once.`];
  }
  if (inside.length === 0) return [];
  const [are, they] = inside.length === 1 ? ['is', 'it'] : ['are', 'they'];
  const other = app === 'node' ? 'Node.js' : 'WSGI';
  return [
    `${file.name}: ${inside.join(', ')} ${are} not called, because ${they} would run inside the application, and that is a ${other} application.`,
  ];
}
