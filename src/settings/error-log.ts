// What the settings say about the error log, for the arbiter and its workers alike: both write to it.

import type { Settings } from './settings.ts';
import { syslogTarget } from './syslog.ts';

/** For createLog. */
export function errorLogOptions(settings: Settings) {
  const { loglevel: level, errorlog: destination, log_json: json } = settings;
  return { level, destination, json, syslog: syslogTarget(settings) };
}
