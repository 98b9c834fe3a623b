// What runs the application, in a thread of its own or on the worker's loop: loads it, tells the host, then answers requests
// until it is stopped. An exception that nobody catches ends the thread, as it ends a process; the host hears of it and replaces
// the thread.

import { type GuestBoot, ToHost } from '../../../wire/node-thread.ts';
import { type Begin, Channel } from './channel.ts';
import { fetchBegin } from './fetch/begin.ts';
import { offerWebClasses } from './fetch/web-classes.ts';
import type { ThreadHooks } from './hooks.ts';
import { listenerBegin } from './listener/begin.ts';
import { serverBegin } from './listener/server-begin.ts';
import { type App, LoadError, loadApp, stackOf } from './load-app.ts';
import { pendingWork } from './pending-work.ts';
import { Sources } from './sources.ts';

/** Resolves when the application is loaded, or could not be; the host has been told which. */
export async function runGuest(boot: GuestBoot): Promise<void> {
  const channel = new Channel(boot);
  const sources = boot.sources === null ? null : new Sources(boot.sources);
  try {
    offerWebClasses();
    const hooks = await hooksOf(boot, channel);
    await hooks?.postFork();
    sources?.begin();
    const app = await loadApp(boot.appPath, boot.exportName);
    const begin = beginOf(app);
    sources?.tell();
    await hooks?.postWorkerInit();
    channel.open(await withProbe(boot.probe, begin), () => void stop(channel, hooks), hooks);
  } catch (error) {
    const exitCode = error instanceof LoadError ? error.exitCode : 3;
    const message = error instanceof LoadError ? error.message : stackOf(error);
    sources?.tell(message);
    channel.outbox.open().push(ToHost.bootFailed, exitCode, message);
    channel.outbox.flush();
    // The host ends the thread once it has read this; an open port keeps the thread until then.
    boot.port.on('message', () => {});
  }
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

/** While a drill runs its paths stand before the application. */
async function withProbe(token: string | null, begin: Begin): Promise<Begin> {
  if (token === null) return begin;
  const { aroundProbe } = await import('./probe.ts');
  return aroundProbe(token, begin);
}

/** Finishes the requests under way and what the application asked to wait for. The host sets the limit of time. */
async function stop(channel: Channel, hooks: ThreadHooks | null): Promise<void> {
  await channel.drained();
  await pendingWork.settled();
  await hooks?.workerExit();
  channel.close();
}
