// A request and its client as people are told of them: without what may be a secret, and as addresses are written.

/** Without the query, which may hold a secret; the access log has it where its format asks for it. */
export function withoutQuery(target: string): string {
  return target.split('?', 1)[0] ?? '';
}

/** "127.0.0.1:49200", "[::1]:49200"; a client of a unix socket has neither. */
export function clientInWords({
  address,
  port,
}: {
  readonly address: string;
  readonly port: number;
}): string {
  if (address === '') return 'a unix socket';
  // Told by a proxy, which does not know it.
  if (port === 0) return address;
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}
