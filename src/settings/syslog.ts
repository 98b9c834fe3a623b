// What the settings say of syslog, as the logs need it: where to, under which tag, with which facility. The forms of the
// address are Gunicorn's.

import { serverName } from './process-name.ts';
import type { Settings } from './settings.ts';

export type SyslogAddress =
  | { readonly kind: 'udp' | 'tcp'; readonly host: string; readonly port: number }
  | { readonly kind: 'unix'; readonly path: string };

export interface SyslogTarget {
  readonly address: SyslogAddress;
  readonly facility: Settings['syslog_facility'];
  /** "gunicorn.NAME": `.error` or `.access` and a colon follow in each line. */
  readonly tag: string;
  /** The interpreter that sends to unix sockets. */
  readonly python: string;
}

const PORT = 514;

/**
 * udp://HOST:PORT, tcp://HOST:PORT, or unix://PATH, behind which #dgram and #stream may stand: the socket itself tells
 * which it is. Null when it is none of these.
 */
export function parseSyslogAddress(text: string): SyslogAddress | null {
  const unix = /^unix:\/\/([^#]+)(?:#(?:dgram|stream))?$/.exec(text);
  if (unix !== null) return { kind: 'unix', path: unix[1] ?? '' };
  const inet = /^(udp|tcp):\/\/(\[[0-9a-f:.]+\]|[^:/#[\]\s]+)(?::(\d{1,5}))?$/i.exec(text);
  if (inet === null) return null;
  const port = inet[3] === undefined ? PORT : Number(inet[3]);
  if (port < 1 || port > 65535) return null;
  const host = (inet[2] ?? '').replace(/^\[|\]$/g, '').toLowerCase();
  return { kind: inet[1]?.toLowerCase() === 'tcp' ? 'tcp' : 'udp', host, port };
}

/** Null without `syslog`. */
export function syslogTarget(settings: Settings): SyslogTarget | null {
  const address = settings.syslog ? parseSyslogAddress(settings.syslog_addr) : null;
  if (address === null) return null;
  const name = settings.syslog_prefix || serverName(settings).replaceAll(':', '.');
  const { syslog_facility: facility, python } = settings;
  return { address, facility, tag: `gunicorn.${name}`, python };
}

/** For the access log: null also where it is to be kept out of syslog. */
export function accessSyslogTarget(settings: Settings): SyslogTarget | null {
  return settings.disable_redirect_access_to_syslog ? null : syslogTarget(settings);
}
