// Every way in which a client can break HTTP/1.1, with the status it is answered and the clause it broke. Codes are
// stable: logs, metrics and docs/errors.md carry them. A ProtocolError is no Error: taking a stack costs microseconds,
// and a hostile client would choose how often.

interface CatalogueEntry {
  readonly status: number;
  readonly rfc: string;
  /** What was expected, without a full stop; the offending bytes follow it. */
  readonly sentence: string;
}

/** Code to status, clause and sentence. In the order in which a head is read. */
export const PROTOCOL_ERRORS = {
  'bare-lf': entry(400, 'RFC 9112, 2.2', 'A line ends with CR LF, never with LF alone'),
  'bare-cr': entry(400, 'RFC 9112, 2.2', 'CR may only stand before LF'),
  'bad-request-line': entry(
    400,
    'RFC 9112, 3',
    'A request line is method, one blank, target, one blank, version, CR LF',
  ),
  'bad-method': entry(400, 'RFC 9110, 9.1', 'A method is a token'),
  'unconventional-method': entry(
    400,
    'RFC 9110, 9.1',
    'A method has 3 or more characters, none of them a small letter or #',
  ),
  'method-too-long': entry(501, 'RFC 9112, 3', 'No method is longer than 20 characters'),
  'request-line-too-long': entry(414, 'RFC 9112, 3', 'The request line is longer than the limit'),
  'bad-target-byte': entry(
    400,
    'RFC 9112, 3.2',
    'A request target holds no control character, blank or fragment',
  ),
  'bad-target': entry(400, 'RFC 9112, 3.2', 'The request target has no form that fits its method'),
  'bad-version': entry(400, 'RFC 9112, 2.3', 'The version is HTTP/1.0 or HTTP/1.1, in capitals'),
  'version-not-supported': entry(505, 'RFC 9110, 15.6.6', 'Only HTTP/1.x is spoken here'),
  'space-before-first-field': entry(
    400,
    'RFC 9112, 2.2',
    'The line after the request line may not begin with a blank',
  ),
  'folded-field': entry(400, 'RFC 9112, 5.2', 'A field may not go on on a second line'),
  'empty-field-name': entry(400, 'RFC 9112, 5.1', 'A field has a name before its colon'),
  'bad-field-name': entry(400, 'RFC 9110, 5.1', 'A field name is a token'),
  'underscore-in-name': entry(
    400,
    'RFC 9110, 5.1',
    'A field name with an underscore can be taken for the one with a dash',
  ),
  'space-before-colon': entry(
    400,
    'RFC 9112, 5.1',
    'No blank may stand between field name and colon',
  ),
  'no-colon': entry(400, 'RFC 9112, 5', 'A field line has a colon'),
  'bad-field-value': entry(
    400,
    'RFC 9110, 5.5',
    'A field value holds no control character but tab',
  ),
  'too-many-fields': entry(431, 'RFC 6585, 5', 'There are more fields than the limit'),
  'field-too-large': entry(431, 'RFC 6585, 5', 'A field line is longer than the limit'),
  'head-too-large': entry(431, 'RFC 6585, 5', 'All fields together are longer than the limit'),
  'no-host': entry(400, 'RFC 9112, 3.2', 'An HTTP/1.1 request has a Host field'),
  'repeated-host': entry(400, 'RFC 9112, 3.2', 'Host may be given once only'),
  'bad-host': entry(400, 'RFC 9112, 3.2', 'Host is a host name or address with an optional port'),
  'repeated-content-type': entry(400, 'RFC 9110, 5.3', 'Content-Type may be given once only'),
  'bad-content-length': entry(
    400,
    'RFC 9110, 8.6',
    'Content-Length is one whole number in decimal digits',
  ),
  'repeated-content-length': entry(400, 'RFC 9112, 6.3', 'Content-Length may be given once only'),
  'content-length-too-large': entry(
    400,
    'RFC 9110, 8.6',
    'Content-Length is larger than can be counted',
  ),
  'length-and-coding': entry(
    400,
    'RFC 9112, 6.1',
    'Content-Length and Transfer-Encoding exclude each other',
  ),
  'coding-on-1.0': entry(400, 'RFC 9112, 6.1', 'HTTP/1.0 has no Transfer-Encoding'),
  'bad-transfer-coding': entry(
    400,
    'RFC 9112, 6.1',
    'Transfer-Encoding is a list of codings with chunked once, at its end',
  ),
  'unknown-transfer-coding': entry(
    501,
    'RFC 9112, 6.1',
    'No transfer coding but chunked is known here',
  ),
  'unknown-expectation': entry(
    417,
    'RFC 9110, 10.1.1',
    'No expectation but 100-continue is known here',
  ),
  'contradictory-scheme': entry(
    400,
    'RFC 7239, 5.4',
    'The fields of a proxy that tell http from https say the same',
  ),
  'contradictory-forwarder': entry(
    400,
    'RFC 3875, 4.1.13',
    'The fields of a proxy of one name with an underscore say the same',
  ),
  'bad-chunk-size': entry(
    400,
    'RFC 9112, 7.1',
    'A chunk begins with its size in hexadecimal digits',
  ),
  'chunk-too-large': entry(400, 'RFC 9112, 7.1', 'A chunk is larger than can be counted'),
  'bad-chunk-extension': entry(
    400,
    'RFC 9112, 7.1.1',
    'A chunk extension is a name, or a name, = and a token or quoted text',
  ),
  'chunk-extensions-too-large': entry(
    400,
    'RFC 9112, 7.1.1',
    'The chunk extensions of a body are longer than the limit',
  ),
  'bad-chunk-end': entry(400, 'RFC 9112, 7.1', 'The data of a chunk is followed by CR LF'),
  'forbidden-trailer': entry(400, 'RFC 9110, 6.5.1', 'This field may not be sent after the body'),
} as const satisfies Record<string, CatalogueEntry>;

export type ProtocolErrorCode = keyof typeof PROTOCOL_ERRORS;

export interface ProtocolError {
  /** What the client is answered. */
  readonly status: number;
  readonly code: ProtocolErrorCode;
  /** One sentence of printable ASCII; what the client sent is quoted with escapes and cut short. */
  readonly message: string;
  /** The clause that was broken: "RFC 9112, 6.1". */
  readonly rfc: string;
}

/** `found` is what stood there instead, quoted already (`quoteText`, `quoteByte`). */
export function protocolError(code: ProtocolErrorCode, found = ''): ProtocolError {
  const { status, rfc, sentence } = PROTOCOL_ERRORS[code];
  return { status, code, message: found === '' ? `${sentence}.` : `${sentence}: ${found}.`, rfc };
}

/** 40 characters show what went wrong; more would let a client fill the log. */
const QUOTED_CHARACTERS = 40;

/** `text` (latin-1) in double quotes: printable ASCII as it is, everything else as \xHH, cut after 40 characters. */
export function quoteText(text: string): string {
  const shown = text.slice(0, QUOTED_CHARACTERS).replace(/[^ !#-[\]-~]/g, escaped);
  return text.length > QUOTED_CHARACTERS ? `"${shown}"...` : `"${shown}"`;
}

/** An authority or a target: without a user and a password before the last `@`, which are nobody's to read. */
export function quoteAddress(text: string): string {
  return quoteText(text.replace(/^([a-z][a-z0-9+.-]*:\/\/)?.*@/i, '$1...@'));
}

export function quoteByte(byte: number): string {
  return quoteText(String.fromCharCode(byte));
}

function escaped(character: string): string {
  return `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`;
}

function entry(status: number, rfc: string, sentence: string): CatalogueEntry {
  return { status, rfc, sentence };
}
