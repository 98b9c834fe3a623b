// The server's own answers, where no application speaks: a refused request, a deadline, a dead thread. A short page in
// Gunicorn's shape that names the status and nothing of what is inside.

import { reasonOf } from './reasons.ts';

export interface ErrorResponseOptions {
  /** Method of the request; for HEAD no page follows. Leave it out when the head was never read. */
  readonly method?: string;
  /** Of the request; leave it out when the head was never read. */
  readonly minorVersion?: number;
  readonly keepAlive: boolean;
  /** Value of Date; empty for none. */
  readonly date: string;
  /** Value of Server; empty for none. */
  readonly server: string;
  /** More field lines; empty for none. */
  readonly fields?: string;
  /** Value of Retry-After in whole seconds, for 503 and 429. */
  readonly retryAfterSeconds?: number;
  /** One sentence for the client, such as the message of a ProtocolError; escaped here. Never internals. */
  readonly sentence?: string;
}

export interface ErrorResponse {
  /** "503 Service Unavailable", for the access log. */
  readonly status: string;
  /** Everything that goes out: head and page, latin-1. */
  readonly text: string;
  /** Characters (bytes) of the page in it; 0 for HEAD. */
  readonly bodyBytes: number;
}

export function errorResponse(code: number, options: ErrorResponseOptions): ErrorResponse {
  const status = `${code} ${reasonOf(code)}`.trimEnd();
  const page = pageOf(reasonOf(code), options.sentence ?? '');
  const head =
    `HTTP/1.1 ${code} ${reasonOf(code)}\r\n` +
    optional('Server', options.server) +
    optional('Date', options.date) +
    connectionField(options) +
    optional('Retry-After', options.retryAfterSeconds?.toString() ?? '') +
    (options.fields ?? '') +
    `Content-Type: text/html\r\nContent-Length: ${page.length}\r\n\r\n`;
  const body = options.method === 'HEAD' ? '' : page;
  return { status, text: head + body, bodyBytes: body.length };
}

function optional(name: string, value: string): string {
  return value === '' ? '' : `${name}: ${value}\r\n`;
}

/** Closing is said to every version: a client whose head we could not read may be any. */
function connectionField(options: ErrorResponseOptions): string {
  if (!options.keepAlive) return 'Connection: close\r\n';
  return options.minorVersion === 0 ? 'Connection: keep-alive\r\n' : '';
}

function pageOf(reason: string, sentence: string): string {
  const line = sentence === '' ? '' : `    <p>${escaped(sentence)}</p>\n`;
  return `<html>
  <head>
    <title>${reason}</title>
  </head>
  <body>
    <h1>${reason}</h1>
${line}  </body>
</html>
`;
}

/** HTML needs three characters escaped in text; what is not printable ASCII would not be one byte each. */
function escaped(sentence: string): string {
  return sentence
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;')
    .replace(/[^ -~]/g, '?');
}
