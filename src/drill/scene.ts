// The scene of a drill's rows, from the settings of the application: its deadlines, its limits, and the probe paths in
// place of an application that misbehaves.

import type { Settings } from '../settings/settings.ts';
import { probePath } from '../wire/probe.ts';
import type { DrillOptions } from './options.ts';
import type { Pace, Scene } from './rows/row.ts';
import type { DrillServer } from './server.ts';

const MEASURE_MS = 1_500;
const MEGABYTE = 1_000_000;

export function sceneOf(
  server: DrillServer,
  settings: Settings,
  kind: 'wsgi' | 'node',
  path: string,
  bootMs: number,
): Scene {
  const { target, token } = server;
  return {
    target,
    kind,
    threads: settings.threads,
    connections: settings.worker_connections,
    deadlines: {
      handshake: settings.handshake_timeout,
      firstByte: settings.first_byte_timeout,
      head: settings.head_timeout,
      body: settings.body_timeout,
      bodyRate: settings.body_min_rate,
      write: settings.write_timeout,
      keepAlive: settings.keepalive,
      timeout: settings.timeout === 0 ? Number.POSITIVE_INFINITY : settings.timeout,
    },
    paths: {
      normal: path,
      hang: probePath(token, 'hang'),
      spin: probePath(token, 'spin'),
      native: probePath(token, 'native'),
      exit: probePath(token, 'exit'),
      read: probePath(token, 'read'),
      big: (bytes) => probePath(token, 'big', bytes),
      work: (seconds) => probePath(token, 'work', seconds),
    },
    // The first start had warm files, too; another second for a machine that is busy with us.
    bootSeconds: 1 + bootMs / 1000,
  };
}

/** Enough to hold every thread of a server that waits for clients, and little enough for anybody's disk. */
export function paceOf({ seconds }: DrillOptions, { threads }: Settings): Pace {
  return {
    clients: 16,
    crowd: Math.max(100, 4 * threads),
    bigBytes: 2 * MEGABYTE,
    resets: 0,
    measureMs: MEASURE_MS,
    boundMs: seconds * 1000,
    again: 2,
    // What freezes gets nothing at all; a machine that is busy with other things must not fail anybody's deployment.
    enough: 0.5,
    enoughAfter: 0.5,
  };
}
