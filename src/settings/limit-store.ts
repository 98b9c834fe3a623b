// Where hosts count together what clients may have, as whoever connects needs it. The address may hold a password: what is
// shown to people is `label`, and never the text itself.

export interface LimitStore {
  /** Without user and password. */
  readonly label: string;
  readonly tls: boolean;
  /** A unix socket; null: host and port. */
  readonly path: string | null;
  readonly host: string;
  readonly port: number;
  readonly username: string | null;
  readonly password: string | null;
  readonly database: number;
}

export const LIMIT_STORE_RULE =
  'redis://[[USER]:PASSWORD@]HOST[:PORT][/DATABASE], the same with rediss, valkey or valkeys, or unix://PATH';

const SCHEMES: ReadonlyMap<string, { readonly tls: boolean }> = new Map([
  ['redis:', { tls: false }],
  ['rediss:', { tls: true }],
  ['valkey:', { tls: false }],
  ['valkeys:', { tls: true }],
]);
const PORT = 6379;

/** Null when it is none of these. */
export function parseLimitStore(text: string): LimitStore | null {
  if (text.startsWith('unix:')) return unixStore(text);
  try {
    const { protocol, hostname, port, pathname, username, password, search, hash } = new URL(text);
    const scheme = SCHEMES.get(protocol);
    const database = /^\/?(\d{0,5})$/.exec(pathname)?.[1];
    const isPlain = search === '' && hash === '';
    if (scheme === undefined || hostname === '' || database === undefined || !isPlain) return null;
    const host = hostname.replace(/^\[|\]$/g, '');
    const number = port === '' ? PORT : Number(port);
    const behind = database === '' || database === '0' ? '' : `/${database}`;
    return {
      label: `${protocol}//${hostname}:${number}${behind}`,
      tls: scheme.tls,
      path: null,
      host,
      port: number,
      username: textOf(username),
      password: textOf(password),
      database: Number(database),
    };
  } catch {
    // No URL, or a percent sign that stands for nothing.
    return null;
  }
}

/** unix://[[USER]:PASSWORD@]/PATH[?db=N], as the Python client has it. */
function unixStore(text: string): LimitStore | null {
  const parts = /^unix:\/\/(?:([^:@/]*):([^@/]*)@)?(\/[^?#]+)(?:\?db=(\d{1,5}))?$/.exec(text);
  if (parts === null) return null;
  const [, username = '', password = '', path = '', database = '0'] = parts;
  return {
    label: `unix://${path}${database === '0' ? '' : `?db=${database}`}`,
    tls: false,
    path: decodeURIComponent(path),
    host: '',
    port: 0,
    username: textOf(username),
    password: textOf(password),
    database: Number(database),
  };
}

function textOf(encoded: string): string | null {
  return encoded === '' ? null : decodeURIComponent(encoded);
}

/** As it may be shown where it is refused: what might be a password is left out. */
export function withoutSecret(text: string): string {
  return text
    .replace(/^([a-z]{0,10}:\/{0,2}).*$/s, '$1...')
    .replace(/^(?![a-z]{0,10}:).*$/s, '...');
}
