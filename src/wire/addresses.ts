// Where a server listens, and where a program that it runs wanted to: what arbiter, worker and thread tell each other of it.

/** Port 0: `host` is the path of a unix socket. */
export interface BoundAddress {
  readonly host: string;
  readonly port: number;
}

/**
 * `host` null: on every address. Port 0: on any that is free. `ipv6Only`: on `::` without IPv4. `opens`: rights to a unix socket
 * beyond those that the umask leaves, as a mode (readableAll, writableAll).
 */
export type AskedAddress =
  | {
      readonly kind: 'port';
      readonly host: string | null;
      readonly port: number;
      readonly ipv6Only?: true;
    }
  | { readonly kind: 'path'; readonly path: string; readonly opens?: number };

/** As one text, for a batch (node-thread.ts); nothing for null. A path comes last: nothing is no part of it. */
export function joinAsked(asked: AskedAddress | null): string {
  if (asked === null) return '';
  if (asked.kind === 'path') return `path\n${asked.opens ?? 0}\n${asked.path}`;
  return `port\n${asked.port}\n${asked.ipv6Only ? 6 : ''}\n${asked.host ?? ''}`;
}

export function splitAsked(joined: string): AskedAddress | null {
  if (joined === '') return null;
  const [kind, number, ...rest] = joined.split('\n');
  if (kind === 'path') {
    const opens = Number(number) === 0 ? {} : { opens: Number(number) };
    return { kind, path: rest.join('\n'), ...opens };
  }
  const [only, host = ''] = rest;
  const ipv6Only = only === '6' ? { ipv6Only: true as const } : {};
  return { kind: 'port', host: host === '' ? null : host, port: Number(number), ...ipv6Only };
}

/** Where a server is that listens where it wants to; Node.js listens on every address where none is named. */
export function asBound(asked: AskedAddress): BoundAddress {
  if (asked.kind === 'path') return { host: asked.path, port: 0 };
  return { host: asked.host ?? '::', port: asked.port };
}

/** For people: "port 3000", "localhost:3000", "/run/app.sock". */
export function askedInWords(asked: AskedAddress): string {
  if (asked.kind === 'path') return asked.path;
  return asked.host === null ? `port ${asked.port}` : `${asked.host}:${asked.port}`;
}
