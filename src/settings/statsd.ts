// What the settings say of statsd, as whoever sends metrics needs it. The forms of the address are Gunicorn's.

import type { Settings } from './settings.ts';

export type StatsdAddress =
  | { readonly kind: 'udp'; readonly host: string; readonly port: number; readonly label: string }
  | { readonly kind: 'unix'; readonly path: string; readonly label: string };

export interface StatsdTarget {
  readonly address: StatsdAddress;
  /** Stands before every name, with a dot between them; empty: nothing does. */
  readonly prefix: string;
  readonly tags: readonly string[];
  /** The interpreter that sends to unix sockets. */
  readonly python: string;
}

const PORT = 8125;

/** HOST, HOST:PORT, [IPV6]:PORT or unix://PATH. Null when it is none of these. */
export function parseStatsdAddress(text: string): StatsdAddress | null {
  const unix = /^unix:\/\/(.+)$/.exec(text);
  if (unix !== null) return { kind: 'unix', path: unix[1] ?? '', label: text };
  const inet = /^(?:udp:\/\/)?(\[[0-9a-f:.]+\]|[^:/#[\]\s]+)(?::(\d{1,5}))?$/i.exec(text);
  if (inet === null) return null;
  const port = inet[2] === undefined ? PORT : Number(inet[2]);
  if (port < 1 || port > 65535) return null;
  const host = inet[1] ?? '';
  return { kind: 'udp', host: host.replace(/^\[|\]$/g, ''), port, label: `${host}:${port}` };
}

/** Null without `statsd_host`. */
export function statsdTarget(settings: Settings): StatsdTarget | null {
  const { statsd_host: host, statsd_prefix, dogstatsd_tags, python } = settings;
  const address = host === null ? null : parseStatsdAddress(host);
  if (address === null) return null;
  const tags = dogstatsd_tags.split(',').map((tag) => tag.trim());
  return {
    address,
    prefix: statsd_prefix.replace(/\.+$/, ''),
    tags: tags.filter((tag) => tag !== ''),
    python,
  };
}
