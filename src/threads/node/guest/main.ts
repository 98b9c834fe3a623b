// Where a Node.js thread begins: loads the application, tells the host, then answers requests until it is stopped.
// An exception that nobody catches ends the thread, as it ends a process; the host hears of it and replaces the thread.

import { workerData } from 'node:worker_threads';
import { type GuestBoot, ToHost } from '../../../wire/node-thread.ts';
import { type Begin, Channel } from './channel.ts';
import { fetchBegin } from './fetch/begin.ts';
import { offerWebClasses } from './fetch/web-classes.ts';
import type { ThreadHooks } from './hooks.ts';
import { listenerBegin } from './listener/begin.ts';
import { LoadError, loadApp, stackOf } from './load-app.ts';
import { pendingWork } from './pending-work.ts';
import { Sources } from './sources.ts';

const boot = takeBoot(workerData as GuestBoot);
const channel = new Channel(boot);
let hooks: ThreadHooks | null = null;
const sources = boot.sources === null ? null : new Sources(boot.sources);

try {
  offerWebClasses();
  hooks = await hooksOf(boot);
  await hooks?.postFork();
  sources?.begin();
  const app = await loadApp(boot.appPath, boot.exportName);
  const begin = app.kind === 'listener' ? listenerBegin(app.listener) : fetchBegin(app.fetch);
  sources?.tell();
  await hooks?.postWorkerInit();
  channel.open(await withProbe(begin), () => void stop(), hooks);
} catch (error) {
  const exitCode = error instanceof LoadError ? error.exitCode : 3;
  const message = error instanceof LoadError ? error.message : stackOf(error);
  sources?.tell(message);
  channel.outbox.open().push(ToHost.bootFailed, exitCode, message);
  channel.outbox.flush();
  // The host ends the thread once it has read this; an open port keeps the thread until then.
  boot.port.on('message', () => {});
}

/** The application finds none of it in its own `workerData`. */
function takeBoot(data: GuestBoot): GuestBoot {
  const taken = { ...data };
  for (const key of Object.keys(data)) Reflect.deleteProperty(data, key);
  return taken;
}

/** Loaded only where there are some. */
async function hooksOf({ hooks: told }: GuestBoot): Promise<ThreadHooks | null> {
  if (told === null) return null;
  const { loadHooks } = await import('./hooks.ts');
  return loadHooks(told, channel.outbox);
}

/** While a drill runs its paths stand before the application. */
async function withProbe(begin: Begin): Promise<Begin> {
  if (boot.probe === null) return begin;
  const { aroundProbe } = await import('./probe.ts');
  return aroundProbe(boot.probe, begin);
}

/** Finishes the requests under way and what the application asked to wait for. The host sets the limit of time. */
async function stop(): Promise<void> {
  await channel.drained();
  await pendingWork.settled();
  await hooks?.workerExit();
  channel.close();
}
