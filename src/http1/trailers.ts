// Which fields may not be sent after a body (RFC 9110, 6.5.1): those that decide framing, routing, authentication,
// how the request is treated or how its content is read. By then the decision has been taken without them.

const FORBIDDEN: ReadonlySet<string> = new Set([
  // framing and the connection
  ...[
    'connection',
    'content-length',
    'keep-alive',
    'te',
    'trailer',
    'transfer-encoding',
    'upgrade',
  ],
  // routing
  ...['host', 'max-forwards', 'forwarded', 'via', 'x-forwarded-for', 'x-forwarded-host'],
  ...['x-forwarded-port', 'x-forwarded-proto', 'x-forwarded-prefix', 'x-real-ip'],
  ...['x-forwarded-protocol', 'x-forwarded-ssl'],
  // request modifiers
  ...['cache-control', 'expect', 'if-match', 'if-modified-since', 'if-none-match', 'if-range'],
  ...['if-unmodified-since', 'pragma', 'range'],
  // authentication
  ...['authorization', 'cookie', 'proxy-authenticate', 'proxy-authorization', 'set-cookie'],
  ...['www-authenticate'],
  // response control and content format
  ...['age', 'content-encoding', 'content-range', 'content-type', 'date', 'expires', 'location'],
  ...['retry-after', 'vary', 'warning'],
]);

export function isForbiddenTrailer(name: string): boolean {
  return FORBIDDEN.has(name.toLowerCase());
}
