// Where a server listens, and where a program that it runs wanted to: what arbiter, worker and thread tell each other of it.

/** Port 0: `host` is the path of a unix socket. */
export interface BoundAddress {
  readonly host: string;
  readonly port: number;
}

/** `host` null: on every address. Port 0: on any that is free. */
export type AskedAddress =
  | { readonly kind: 'port'; readonly host: string | null; readonly port: number }
  | { readonly kind: 'path'; readonly path: string };

/** As one text, for a batch (node-thread.ts); nothing for null. */
export function joinAsked(asked: AskedAddress | null): string {
  if (asked === null) return '';
  return asked.kind === 'path' ? asked.path : `${asked.port}\n${asked.host ?? ''}`;
}

export function splitAsked(joined: string): AskedAddress | null {
  if (joined === '') return null;
  const [port = '', host] = joined.split('\n');
  if (host === undefined) return { kind: 'path', path: joined };
  return { kind: 'port', host: host === '' ? null : host, port: Number(port) };
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
