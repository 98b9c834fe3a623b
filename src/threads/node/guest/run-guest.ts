// What runs the application, in a thread of its own or on the worker's loop: loads it, tells the host, then answers requests
// until it is stopped. An exception that nobody catches ends the thread, as it ends a process; the host hears of it and replaces
// the thread.

import type { Server } from 'node:http';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { AskedAddress } from '../../../wire/addresses.ts';
import { type GuestBoot, ToHost } from '../../../wire/node-thread.ts';
import { Channel } from './channel.ts';
import type { Begin } from './exchange.ts';
import { fetchBegin } from './fetch/begin.ts';
import { offerWebClasses } from './fetch/web-classes.ts';
import type { ThreadHooks } from './hooks.ts';
import { listenerBegin } from './listener/begin.ts';
import { serverBegin } from './listener/server-begin.ts';
import { type App, LoadError, loadApp, stackOf } from './load-app.ts';
import { pendingWork } from './pending-work.ts';
import { Program } from './program/program.ts';
import { useSourceMaps } from './source-maps.ts';
import { Sources } from './sources.ts';

/** A program that does not listen so long after its file was loaded may never do, and somebody waits for it. */
const SILENT_MS = 5000;

/** Resolves when the application is loaded, or could not be; the host has been told which. */
export async function runGuest(boot: GuestBoot): Promise<void> {
  const channel = new Channel(boot);
  const sources = boot.sources === null ? null : new Sources(boot.sources);
  const failed = (error: unknown): void => {
    const exitCode = error instanceof LoadError ? error.exitCode : 3;
    const message = error instanceof LoadError ? error.message : stackOf(error);
    sources?.tell(message);
    channel.outbox.open().push(ToHost.bootFailed, exitCode, message);
    channel.outbox.flush();
    // The host ends the thread once it has read this; an open port keeps the thread until then.
    boot.port.on('message', () => {});
  };
  let unsettled = new LoadError(
    3,
    `${boot.appPath} waits for ever: nothing is left that could settle its top-level await, or that of a hook.`,
  );
  const nothingLeft = (): void => failed(unsettled);
  process.once('beforeExit', nothingLeft);
  try {
    if (boot.debuggable) await openInspector(channel);
    offerWebClasses();
    const hooks = await hooksOf(boot, channel);
    await hooks?.postFork();
    sources?.begin();
    useSourceMaps();
    const program = new Program(boot, channel);
    const { begin, asked } = await loadBegin(boot, program, (waits) => {
      unsettled = waits;
    });
    sources?.tell();
    await hooks?.postWorkerInit();
    channel.open(await withProbe(boot.probe, begin), hooks, {
      asked,
      listening: (address) => program.bound(address),
      shutdown: () => program.shutdown(),
      stop: () => void stop(channel, program, hooks),
    });
  } catch (error) {
    failed(error);
  } finally {
    process.off('beforeExit', nothingLeft);
  }
}

/** What answers requests: the program's server, once there is one, else what the file exports. */
async function loadBegin(
  boot: GuestBoot,
  program: Program,
  waits: (unlistening: LoadError) => void,
): Promise<{ begin: Begin; asked: AskedAddress | null }> {
  program.begin();
  const loaded = await loadApp(boot.appPath, boot.exportName);
  const app = loaded instanceof LoadError ? null : loaded;
  program.settle(app);
  const exported = app === null ? null : beginOf(app);
  if (loaded instanceof LoadError) {
    waits(loaded);
    const late = setTimeout(() => process.emitWarning(loaded.message), SILENT_MS).unref();
    await program.listening;
    clearTimeout(late);
  }
  await program.servable();
  // What is called when it listens is part of the start: one that fails there has not booted.
  await nextTurn();
  let served: Server | null = null;
  let ofServer: Begin | null = null;
  const begin: Begin = (exchange) => {
    // It may begin to listen when its export answers requests already.
    if (program.server !== served) {
      served = program.server;
      ofServer = served === null ? null : serverBegin(served);
    }
    (ofServer ?? exported)?.(exchange);
  };
  return { begin, asked: program.server === null ? askedBy(loaded) : program.asked };
}

function askedBy(loaded: App | LoadError): AskedAddress | null {
  return 'asked' in loaded ? loaded.asked : null;
}

function beginOf(app: App): Begin {
  if (app.kind === 'server') return serverBegin(app.server);
  return app.kind === 'listener' ? listenerBegin(app.listener) : fetchBegin(app.fetch);
}

/** Loaded only where there are some. */
async function hooksOf(
  { hooks: told }: GuestBoot,
  { outbox }: Channel,
): Promise<ThreadHooks | null> {
  if (told === null) return null;
  const { loadHooks } = await import('./hooks.ts');
  return loadHooks(told, outbox);
}

/** Loaded only where somebody may debug. */
async function openInspector({ outbox }: Channel): Promise<void> {
  const debuggable = await import('./debuggable.ts');
  debuggable.openInspector(outbox);
}

/** While a drill runs its paths stand before the application. */
async function withProbe(token: string | null, begin: Begin): Promise<Begin> {
  if (token === null) return begin;
  const { aroundProbe } = await import('./probe.ts');
  return aroundProbe(token, begin);
}

/** Finishes the requests under way and what the application asked to wait for. The host sets the limit of time. */
async function stop(channel: Channel, program: Program, hooks: ThreadHooks | null): Promise<void> {
  program.shutdown();
  await channel.drained();
  await pendingWork.settled();
  await hooks?.workerExit();
  // Whoever listens to SIGTERM ends by itself, as Node.js has it.
  channel.close(program.endsItself);
}
