// All that one reading of the settings gives an arbiter to work with: its log, its listening sockets, its generation of
// workers. A reload prepares the next stage beside the one that serves and takes either the one or the other down again.

import { createLog, type ErrorLog } from '../../observe/log.ts';
import { type BindAddress, DEFAULT_PORT, formatBind, parseBind } from '../../settings/bind.ts';
import { errorLogOptions } from '../../settings/error-log.ts';
import { warningsForApp } from '../../settings/hooks.ts';
import type { Sources } from '../../settings/resolve.ts';
import type { Settings } from '../../settings/settings.ts';
import type { InnerHooks } from '../../wire/hooks.ts';
import type { PreloadAddress } from '../../wire/preload.ts';
import type { Generation, WorkerLives } from '../fleet/generation.ts';
import type { Outputs } from '../fleet/outputs.ts';
import { workerLimits } from '../fleet/worker-states.ts';
import type { Hooks } from '../hooks/hooks.ts';
import { beginHooks, type Hooking, innerHooks, lastHooksMs, livesOf } from '../hooks/make-hooks.ts';
import type { LimitShare, SharedLimits } from '../limits/shared-limits.ts';
import { changesRights, giveLogFiles, type Owner } from '../owner.ts';
import { hasNoSuchAddress } from '../sockets/bind-error.ts';
import { bindAll, type Listener, type Present } from '../sockets/listeners.ts';
import { Patience } from '../sockets/patience.ts';
import { Sockets } from '../sockets/sockets.ts';
import type { Traffic } from '../telemetry/traffic.ts';
import { unlessStopped } from '../unless-stopped.ts';
import { PreloadError, Preloaded } from './preloaded.ts';
import { canPreload, enterFolder, prepare, type Surroundings } from './surroundings.ts';

export interface StageOptions {
  /** Stands in for worker/main in tests. */
  readonly workerUrl?: URL;
  /** For a drill: the token of its probe paths. Nothing on the command line leads here. */
  readonly probe?: string;
  /** Sockets of systemd, `fd://N` each, instead of `bind`. */
  readonly activated?: readonly string[] | undefined;
}

/** What each stage of one arbiter is prepared with. */
export interface StageParts extends StageOptions {
  /** TLS sessions outlive a reload by it (ticket-keys.ts). */
  readonly ticketSecret: Buffer;
  /** Of all stages. */
  readonly traffic: Traffic;
  /** Reads what workers print, where that is captured. */
  readonly outputs?: Outputs;
  /** Where each setting was set; null: nobody knows. */
  readonly sources?: Sources | null;
  /** Counts what clients may have, across reloads. */
  readonly sharedLimits?: SharedLimits;
  /** Calls the preparation off: it ends what it has begun and rejects. Means nothing afterwards. */
  readonly stopped?: AbortSignal;
}

export interface Stage {
  readonly settings: Settings;
  readonly sources: Sources | null;
  readonly log: ErrorLog;
  readonly sockets: Sockets;
  readonly generation: Generation;
  readonly owner: Owner | null;
  /** Server hooks that run beside the arbiter; null: there are none. */
  readonly hooks: Hooks | null;
  /** null: workers load the application themselves. */
  readonly preloaded: Preloaded | null;
  /** Sentences for people. */
  readonly warnings: readonly string[];
}

/** Gunicorn's line, said when it is true: whoever reads it may connect. */
export function listeningAt({ sockets }: Stage): string {
  return `Listening at: ${sockets.labels.join(',')} (${process.pid})`;
}

export function openLog(settings: Settings): ErrorLog {
  return createLog({ ...errorLogOptions(settings), guarded: changesRights(settings) });
}

/**
 * Changes to the folder of the settings and opens, binds and finds what they name; what is `present` is used again.
 * Rejects with an Error with a sentence for people, with nothing left open.
 */
export async function prepareStage(
  given: Settings,
  options: StageParts,
  present: Present & { readonly before?: Sockets },
  hooking: Hooking,
  log: ErrorLog | null = null,
): Promise<Stage> {
  const settings = enterFolder(given);
  const { ticketSecret, workerUrl, outputs, stopped = null, sources = null } = options;
  const surroundings = await prepare(settings, ticketSecret, workerUrl, outputs, sources);
  const scheme = surroundings.tls === null ? 'http' : 'https';
  const opened = log ?? openLog(settings);
  const { owner } = surroundings;
  const app = surroundings.app.type;
  const warnings = [...surroundings.warnings, ...warningsForApp(hooking.file, app)];
  giveLogFiles(settings, owner);
  let preloaded = makePreloaded(settings, surroundings, opened);
  let hooks: Hooks | null = null;
  try {
    hooks = await beginHooks(hooking, settings, () => opened, stopped);
    // A first load (there was no log for it before), and somebody who will mend it.
    const mayFail = log !== null && settings.reload;
    preloaded = await startPreloaded(preloaded, mayFail, opened, stopped);
    const umask = settings.umask === null ? null : Number.parseInt(settings.umask, 8);
    const sharedBy = settings.reuse_port ? settings.python : null;
    const patience = log === null ? null : new Patience(log);
    const making = { umask, owner, sharedBy, patience };
    const said = options.activated ?? saidToListen(settings, sources, app);
    // Where nobody says, what there is stays.
    const names = said.length > 0 ? said : namesOf(present);
    const bind = (to: BindAddress[], until = stopped): Promise<Listener[]> =>
      bindAll(to, scheme, present, making, until);
    const sockets = new Sockets(
      names.length > 0 ? await bind(names.map(parseBind)) : null,
      scheme,
      unnamedAddress(settings),
      present.before ?? null,
      (address, until) => {
        tellOfPort(settings, address, opened);
        return bindAnywhere(address, (to) => bind(to, until));
      },
    );
    const told = { ...settings, bind: said };
    const generation = generationOf(told, surroundings, sockets, {
      preload: preloaded?.address ?? null,
      probe: options.probe ?? null,
      traffic: options.traffic,
      inner: innerHooks(hooking.file, settings, app),
      lives: livesOf(hooks, hooking.current),
      share: options.sharedLimits?.share(settings) ?? null,
    });
    const made = { sockets, generation, owner, hooks, preloaded, warnings };
    return { settings, sources, log: opened, ...made };
  } catch (error) {
    hooks?.close();
    preloaded?.end();
    if (log === null) opened.close();
    throw error;
  }
}

/** Where it may fail the workers try themselves: they tell the traceback, and wait for the change that mends it. */
async function startPreloaded(
  preloaded: Preloaded | null,
  mayFail: boolean,
  log: ErrorLog,
  stopped: AbortSignal | null,
): Promise<Preloaded | null> {
  if (preloaded === null) return null;
  try {
    await unlessStopped(
      stopped,
      () => preloaded.end(),
      () => preloaded.start(),
    );
    return preloaded;
  } catch (error) {
    if (!mayFail || !(error instanceof PreloadError)) throw error;
    log.warning('The application cannot be loaded ahead: until it can, workers load it.');
    return null;
  }
}

function makePreloaded(
  settings: Settings,
  { app, python, env, owner, outputs }: Surroundings,
  log: ErrorLog,
): Preloaded | null {
  if (!canPreload(settings, app) || app.type !== 'wsgi' || python === null) return null;
  return new Preloaded({ settings, app: app.spec, python, env, owner, log, outputs });
}

/** What a generation is given beside what the settings say. */
interface Accessories {
  readonly preload: PreloadAddress | null;
  readonly probe: string | null;
  readonly traffic: Traffic;
  readonly inner: Omit<InnerHooks, 'age'> | null;
  readonly lives: WorkerLives;
  readonly share: LimitShare | null;
}

function generationOf(
  settings: Settings,
  { python, tls, networks, launch }: Surroundings,
  sockets: Sockets,
  { preload, probe, traffic, inner, lives, share }: Accessories,
): Generation {
  return {
    limits: workerLimits(settings, lastHooksMs(inner)),
    memoryBytesMax: settings.max_worker_memory,
    lives,
    share,
    traffic,
    launch,
    startMessage: (age, place, workers) => {
      return {
        kind: 'start',
        workers,
        settings,
        listeners: sockets.addresses,
        age,
        place,
        python,
        preload,
        tls,
        networks,
        check: false,
        probe,
        hooks: inner === null ? null : { ...inner, age },
      };
    },
    listen: (asked) => sockets.listen(asked),
    listenHandle: (index) => sockets.all[index]?.handle ?? null,
  };
}

function namesOf({ own = [], inherited = new Map() }: Present): readonly string[] {
  return own.length > 0 ? own.map(({ bind }) => bind) : [...inherited.keys()];
}

/** A program says itself where it listens, and knows PORT: that variable is for applications that name no address. */
function saidToListen(
  { bind }: Settings,
  sources: Sources | null,
  app: Surroundings['app']['type'],
): readonly string[] {
  return app === 'node' && sources?.bind.kind === 'environment' ? [] : bind;
}

function unnamedAddress({ bind: [first] }: Settings): BindAddress {
  return first === undefined
    ? { kind: 'tcp', host: '127.0.0.1', port: DEFAULT_PORT }
    : parseBind(first);
}

/** Whoever has set the variable, such as a platform, counts on it. */
function tellOfPort({ bind: [wanted] }: Settings, asked: BindAddress, log: ErrorLog): void {
  const address = wanted === undefined ? null : parseBind(wanted);
  if (address?.kind !== 'tcp' || (asked.kind === 'tcp' && asked.port === address.port)) return;
  log.warning(
    `PORT is ${address.port}, and the program listens on ${formatBind(asked)}, which counts. Give --bind to have it elsewhere.`,
  );
}

/** A machine without IPv6 has no `::`, which stands for every address. */
async function bindAnywhere(
  address: BindAddress,
  bind: (to: BindAddress[]) => Promise<Listener[]>,
): Promise<Listener[]> {
  try {
    return await bind([address]);
  } catch (error) {
    const isAny = address.kind === 'tcp' && address.host === '::' && !address.ipv6Only;
    if (!isAny || !hasNoSuchAddress(error)) throw error;
    return bind([{ ...address, host: '0.0.0.0' }]);
  }
}
