// The settings of a drill: those that the application is served with, but for what would touch the world outside (where it
// listens, files that it writes) and what would only make the drill longer.

import type { Settings } from '../settings/settings.ts';

/** Signals of the drill's own end are not waited on for longer. */
const GRACE_SECONDS = 2;

/** @param socket path of the private socket */
export function privateSettings(settings: Settings, socket: string): Settings {
  return {
    ...settings,
    bind: [`unix:${socket}`],
    // Each worker is by itself: what holds in one holds in all, and its threads are those that a row must fill.
    workers: 1,
    // Logs of the server that is running must have nothing of a drill in them; ours are read by whoever started it.
    accesslog: null,
    errorlog: '-',
    syslog: false,
    // Those of the server that is running.
    pidfile: null,
    control_socket: null,
    control_socket_disable: true,
    graceful_timeout: Math.min(settings.graceful_timeout, GRACE_SECONDS),
  };
}
