// What the settings say about the error log, for the arbiter and its workers alike: both write to it.

import type { Settings } from './settings.ts';
import { statsdTarget } from './statsd.ts';
import { syslogTarget } from './syslog.ts';

/** For createLog. */
export function errorLogOptions(settings: Settings) {
  const { loglevel: level, errorlog: destination, log_json: json } = settings;
  const statsd = statsdTarget(settings);
  return { level, destination, json, syslog: syslogTarget(settings), statsd };
}

/** What processes print goes to the error log. Where that is the standard error they print there anyway. */
export function capturesOutput({ capture_output, errorlog }: Settings): boolean {
  return capture_output && errorlog !== '-';
}
