// What is told of requests, and to whom, as the settings alone say: the access log, traces, times in a field of the response.

import { type AccessLog, createAccessLog } from '../../observe/access-log.ts';
import type { Log } from '../../observe/log.ts';
import { serverCode } from '../../observe/server-codes.ts';
import { Allowed } from '../../proxy/allowed.ts';
import { capturesOutput } from '../../settings/error-log.ts';
import { parseNetwork } from '../../settings/networks.ts';
import { parseShare } from '../../settings/otlp.ts';
import type { Settings } from '../../settings/settings.ts';
import { accessSyslogTarget } from '../../settings/syslog.ts';
import { Tracing } from '../../trace/trace.ts';
import { STANDARD_OUTPUT_FD } from '../../wire/arbiter-worker.ts';

export function openAccessLog(settings: Settings, log: Log): AccessLog | null {
  const syslog = accessSyslogTarget(settings);
  if (settings.accesslog === null && syslog === null) return null;
  const accessLog = createAccessLog({
    destination: settings.accesslog,
    format: settings.access_log_format,
    json: settings.log_json,
    syslog,
    standardOutput: capturesOutput(settings) ? STANDARD_OUTPUT_FD : 1,
  });
  accessLog.onTrouble = (message) =>
    log.error(`${message}. Requests go on.`, serverCode('log-lost'));
  accessLog.onRecovered = (message) => log.warning(`${message}.`);
  return accessLog;
}

/** Null: nothing is traced. */
export function makeTracing(settings: Settings): Tracing | null {
  const { otlp_endpoint: endpoint, otlp_sample: share, otlp_parents: parents } = settings;
  if (endpoint === null) return null;
  return new Tracing({ share: parseShare(share) ?? 1, followsParents: parents === 'follow' });
}

/** Which clients are told of times in Server-Timing, by their address; null: none. */
export function makeToldOfTimes({
  server_timing: networks,
}: Pick<Settings, 'server_timing'>): ((address: string) => boolean) | null {
  if (networks.length === 0) return null;
  if (networks.includes('*')) return () => true;
  const allowed = new Allowed(networks.map(parseNetwork), false);
  // Whoever is behind a unix socket has no address, and may be anybody.
  return (address) => allowed.names(address);
}
