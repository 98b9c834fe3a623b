// All that one reading of the settings gives an arbiter to work with: its log, its listening sockets, its generation of
// workers. A reload prepares the next stage beside the one that serves and takes either the one or the other down again.

import { createLog, type Log } from '../observe/log.ts';
import { parseBind } from '../settings/bind.ts';
import { errorLogOptions } from '../settings/error-log.ts';
import type { Settings } from '../settings/settings.ts';
import type { ListenerAddress } from '../wire/arbiter-worker.ts';
import type { Generation } from './generation.ts';
import { bindAll, type Listener, type Present } from './listeners.ts';
import { changesRights, giveLogFiles, type Owner } from './owner.ts';
import { enterFolder, prepare, type Surroundings } from './surroundings.ts';
import { workerLimits } from './worker-states.ts';

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
}

export interface Stage {
  readonly settings: Settings;
  readonly log: Log;
  readonly listeners: readonly Listener[];
  readonly generation: Generation;
  readonly owner: Owner | null;
  /** Sentences for people. */
  readonly warnings: readonly string[];
}

export function openLog(settings: Settings): Log {
  return createLog({ ...errorLogOptions(settings), guarded: changesRights(settings) });
}

/**
 * Changes to the folder of the settings and opens, binds and finds what they name; what is `present` is used again.
 * Rejects with an Error with a sentence for people, with nothing left open.
 */
export async function prepareStage(
  given: Settings,
  options: StageParts,
  present: Present,
  log: Log | null = null,
): Promise<Stage> {
  const settings = enterFolder(given);
  const surroundings = await prepare(settings, options.ticketSecret, options.workerUrl);
  const scheme = surroundings.tls === null ? 'http' : 'https';
  const opened = log ?? openLog(settings);
  const { owner, warnings } = surroundings;
  giveLogFiles(settings, owner);
  try {
    const umask = Number.parseInt(settings.umask ?? '0', 8);
    const sharedBy = settings.reuse_port ? settings.python : null;
    const addresses = (options.activated ?? settings.bind).map(parseBind);
    const listeners = await bindAll(addresses, scheme, present, { umask, owner, sharedBy });
    const generation = generationOf(settings, surroundings, listeners, options.probe ?? null);
    return { settings, log: opened, listeners, generation, owner, warnings };
  } catch (error) {
    if (log === null) opened.close();
    throw error;
  }
}

function generationOf(
  settings: Settings,
  { python, tls, launch }: Surroundings,
  listeners: readonly Listener[],
  probe: string | null,
): Generation {
  const scheme = tls === null ? 'http:' : 'https:';
  // A socket that was kept may have had another place in the list, and TLS or not.
  const addresses = listeners.map(({ address }, index): ListenerAddress => {
    return { ...address, index, label: address.label.replace(/^https?:/, scheme) };
  });
  return {
    limits: workerLimits(settings),
    memoryBytesMax: settings.max_worker_memory,
    launch,
    startMessage: (age) => {
      return {
        kind: 'start',
        settings,
        listeners: addresses,
        age,
        python,
        tls,
        check: false,
        probe,
      };
    },
    listenHandle: (index) => listeners[index]?.handle ?? null,
  };
}

/** "http://127.0.0.1:8000,unix:/run/app.sock" */
export function labelsOf({ generation }: Stage): string {
  const message = generation.startMessage(0);
  return message.kind === 'start' ? message.listeners.map(({ label }) => label).join(',') : '';
}
