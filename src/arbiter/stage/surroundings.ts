// What the arbiter and --check-config prepare before the first worker: its folder, its environment, its Python, its
// certificate, the way to start it. What is wrong with them is told here, once, as a sentence, and not by each worker.

import { resolve } from 'node:path';
import { wallClock } from '../../clock.ts';
import { messageOf } from '../../message-of.ts';
import type { Log } from '../../observe/log.ts';
import { ownDescriptors } from '../../open-files.ts';
import { packageVersion, programAt } from '../../package-folder.ts';
import { type AppSpec, decideApp } from '../../settings/app-spec.ts';
import { formatBind, parseBind } from '../../settings/bind.ts';
import { capturesOutput } from '../../settings/error-log.ts';
import { isLoopback, parseInspectAddress } from '../../settings/inspect.ts';
import { variablesIn } from '../../settings/raw-env.ts';
import type { Sources } from '../../settings/resolve.ts';
import type { Settings } from '../../settings/settings.ts';
import { whereSet } from '../../settings/source.ts';
import { findSdk } from '../../trace/sdk.ts';
import type { ClientNetworks, TlsMaterial } from '../../wire/arbiter-worker.ts';
import { launcher } from '../fleet/launch.ts';
import type { Outputs } from '../fleet/outputs.ts';
import type { ProcessListener, WorkerProcess } from '../fleet/worker-handle.ts';
import { type Owner, ownerOf } from '../owner.ts';
import { type Certificate, readCertificate } from './certificate.ts';
import { readNetworkLists } from './network-lists.ts';
import { withPoolSize } from './pool-size.ts';
import { resolvePython } from './python.ts';

export interface Surroundings {
  /** null for a Node.js application. */
  readonly python: string | null;
  readonly app: AppSpec;
  /** What the application finds in its environment. */
  readonly env: NodeJS.ProcessEnv;
  /** null without TLS. */
  readonly tls: TlsMaterial | null;
  readonly networks: ClientNetworks;
  /** Sentences for people: it can be served, but not for long or not for all. */
  readonly warnings: readonly string[];
  readonly launch: (listener: ProcessListener) => WorkerProcess;
  /** Whose rights workers get; null: those of this process. */
  readonly owner: Owner | null;
  /** Reads what is printed, where that is captured. */
  readonly outputs: Outputs | null;
}

const workerMain = programAt('worker');

/**
 * Changes to the application's folder, as Gunicorn's arbiter does, so that relative paths (sockets, log files) mean the
 * same here and in the workers, and answers the settings with nothing left to resolve. A relative `python` is meant
 * from where the command was given. Throws an Error with a sentence for people.
 */
export function enterFolder(settings: Settings): Settings {
  const chdir = resolve(settings.chdir);
  const python = settings.python.includes('/') ? resolve(settings.python) : settings.python;
  try {
    process.chdir(chdir);
  } catch (error) {
    throw new Error(`can't chdir to '${settings.chdir}': ${messageOf(error)}`);
  }
  return { ...settings, chdir, python };
}

/**
 * Back to the folder of what goes on serving, after another one could not take over. It may have been removed meanwhile,
 * by a deployment that takes its new release for granted: nothing that runs needs it.
 */
export function returnToFolder(chdir: string, log: Log): void {
  try {
    process.chdir(chdir);
  } catch (error) {
    const what = 'What runs goes on, and no worker can be started there.';
    log.warning(`The folder ${chdir} cannot be entered any more: ${messageOf(error)}. ${what}`);
  }
}

/**
 * Finds out what the workers need, after `enterFolder`. `workerUrl` stands in for the real worker in tests; `outputs` reads what they
 * print, where that is to be captured; `sources`: where each setting was set. Rejects with an Error with a sentence for people.
 */
export async function prepare(
  settings: Settings,
  ticketSecret: Buffer,
  workerUrl: URL = workerMain,
  outputs: Outputs | null = null,
  sources: Sources | null = null,
): Promise<Surroundings> {
  const cwd = settings.chdir;
  // As Gunicorn exports it.
  const software = { SERVER_SOFTWARE: `tunicorn/${packageVersion()}` };
  const env = { ...process.env, ...software, ...variablesIn(settings.raw_env) };
  const app = decideApp(settings);
  const owner = ownerOf(settings);
  const { python: wanted } = settings;
  const python =
    app.type === 'wsgi'
      ? await resolvePython({ python: wanted, cwd, env, owner }).catch((error: unknown) => {
          throw new Error(`${messageOf(error)}${whereSet(['python'], sources)}`);
        })
      : null;
  const { tls, warnings: ofCertificate } = certificateOf(settings, ticketSecret, sources);
  const networks = readNetworkLists(settings, sources);
  if (settings.otlp_endpoint !== null) findSdk(settings.chdir);
  const warnings = [
    ...ofCertificate,
    ...fewFiles(settings.threads + settings.spare_threads),
    ...withoutSetpriv(owner),
    ...preloadInVain(settings, app),
    ...threadsInVain(settings, app),
    ...aloneWithoutThreads(settings),
    ...openToAll(settings),
    ...nothingToCapture(settings),
    ...allOneClient(settings),
  ];
  const captured = capturesOutput(settings) ? outputs : null;
  const ofWorker = withPoolSize(env, app.type, settings.threads);
  const launch = launcher({ workerUrl, cwd, env: ofWorker, owner, outputs: captured });
  return { python, app, env, tls, networks, warnings, launch, owner, outputs: captured };
}

/** What is wrong with the files may follow from several settings: those that its sentence names are told with their places. */
function certificateOf(
  settings: Settings,
  ticketSecret: Buffer,
  sources: Sources | null,
): Certificate {
  try {
    return readCertificate(settings, wallClock(), ticketSecret);
  } catch (error) {
    const message = messageOf(error);
    const names = (['certfile', 'keyfile', 'ca_certs'] as const).filter(
      (name) => settings[name] !== null && message.includes(name),
    );
    throw new Error(`${message}${whereSet(names, sources)}`);
  }
}

/** A worker opens all its modules at once when it starts, and needs some descriptors for each of its threads. */
function fewFiles(threads: number): string[] {
  const limit = ownDescriptors.limit();
  const least = 64 + 4 * threads;
  if (limit === null || limit >= least) return [];
  return [
    `Each process may have ${limit} files open (ulimit -n): a worker with ${threads} threads needs ${least} to start with, and one more for each connection.`,
  ];
}

function withoutSetpriv(owner: Owner | null): string[] {
  if (owner === null || owner.setpriv !== null) return [];
  return [
    'Without setpriv (util-linux) workers run as the user that was asked for, but set-uid programs such as sudo may give them other rights.',
  ];
}

/** Whether Python processes can be forked from one that has loaded the application. */
export function canPreload({ preload_app: wanted }: Settings, { type }: AppSpec): boolean {
  return wanted && type === 'wsgi' && process.platform === 'linux';
}

function preloadInVain(settings: Settings, app: AppSpec): string[] {
  if (!settings.preload_app || canPreload(settings, app)) return [];
  const why =
    app.type === 'node'
      ? 'a Node.js application, whose threads share their code but no objects'
      : 'this system: it needs Linux';
  return [`preload_app has no effect on ${why}.`];
}

/** What is for the threads of a Node.js application. */
function threadsInVain({ threads, spare_threads, inspect }: Settings, { type }: AppSpec): string[] {
  if (type === 'node' && threads > 0) return [];
  const why = type === 'wsgi' ? 'on a WSGI application' : 'without threads (threads 0)';
  const asked = [
    ...(spare_threads > 0 ? ['spare_threads'] : []),
    ...(inspect === null ? [] : ['inspect']),
  ];
  return asked.map((name) => `${name} has no effect ${why}.`);
}

function openToAll({ inspect }: Settings): string[] {
  const address = inspect === null ? null : parseInspectAddress(inspect);
  if (address === null || isLoopback(address)) return [];
  const where = formatBind({ kind: 'tcp', ...address });
  return [
    `inspect: whoever reaches ${where} can run any code as this server. 127.0.0.1 is reached from this machine alone.`,
  ];
}

function aloneWithoutThreads({ threads, workers }: Settings): string[] {
  if (threads > 0 || workers > 1) return [];
  return [
    'Without threads (threads 0) a single worker serves nobody while the application holds its loop: --workers 2 or more is better.',
  ];
}

/** Limits by address, and every connection comes from a proxy that nobody asks for its clients. */
function allOneClient(settings: Settings): string[] {
  const { bind, forwarded_for, proxy_protocol, limit_rate, limit_connections, limits } = settings;
  const limit =
    limit_rate !== null
      ? 'limit_rate'
      : limit_connections > 0
        ? 'limit_connections'
        : limits.some(({ key }) => key === 'address')
          ? 'limits'
          : null;
  if (limit === null || forwarded_for || proxy_protocol !== 'off' || bind.length === 0) return [];
  const isOwn = bind.map(parseBind).every((address) => {
    return address.kind === 'unix' || (address.kind === 'tcp' && isLoopback(address));
  });
  if (!isOwn) return [];
  return [
    `${limit}: the server is reached from this machine alone (${bind.join(', ')}). If a proxy is in front, all of its clients are one to it without forwarded_for.`,
  ];
}

function nothingToCapture(settings: Settings): string[] {
  if (!settings.capture_output || capturesOutput(settings)) return [];
  return [
    'capture_output has no effect: the error log is the standard error, where the application prints anyway. Name a file with --error-logfile.',
  ];
}
