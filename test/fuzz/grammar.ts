// Requests that are right, nearly right, and wrong in the ways that matter: framing, line ends, numbers, names. What the
// fuzzer mixes into the corpus, because bytes changed at random seldom become a second framing field.

import type { Random } from './random.ts';

/** Words of HTTP/1.1, for putting in anywhere. */
export const WORDS: readonly string[] = [
  ...[
    '\r\n',
    '\r\n\r\n',
    '\n',
    '\r',
    '\0',
    ' ',
    '\t',
    ':',
    ': ',
    ',',
    ';',
    '"',
    '\\',
    '\x7f',
    '\xff',
  ],
  ...[
    'GET ',
    'HEAD ',
    'POST ',
    'CONNECT ',
    'OPTIONS ',
    'PRI ',
    'get ',
    '/',
    '*',
    'http://a',
    'http://a:1/?b',
    '?',
    '#',
  ],
  ...[
    ' HTTP/1.1\r\n',
    ' HTTP/1.0\r\n',
    ' HTTP/1.2\r\n',
    ' HTTP/2.0\r\n',
    ' http/1.1\r\n',
    'HTTP/0.9',
  ],
  ...[
    'Host: a\r\n',
    'Host:\r\n',
    'Host: a:1\r\n',
    'Host: [::1]\r\n',
    'Host: a b\r\n',
    'Host : a\r\n',
  ],
  ...[
    'Content-Length: 3\r\n',
    'Content-Length: 0\r\n',
    'Content-Length: +3\r\n',
    'Content-Length: 3, 3\r\n',
  ],
  ...[
    'Content-Length: 9007199254740992\r\n',
    'Content_Length: 3\r\n',
    'content-length:3\r\n',
    'Content-Length:\r\n',
  ],
  ...[
    'Transfer-Encoding: chunked\r\n',
    'Transfer-Encoding: gzip, chunked\r\n',
    'Transfer-Encoding: chunked, chunked\r\n',
  ],
  ...[
    'Transfer-Encoding:\tchunked\r\n',
    'Transfer-Encoding: xchunked\r\n',
    'Transfer-Encoding: chunked;a\r\n',
  ],
  ...[
    'Transfer-Encoding: identity\r\n',
    'Transfer_Encoding: chunked\r\n',
    'Transfer-Encoding: Chunked \r\n',
  ],
  ...[
    'Connection: close\r\n',
    'Connection: keep-alive\r\n',
    'Connection: upgrade, close\r\n',
    'Upgrade: x\r\n',
  ],
  ...[
    'Expect: 100-continue\r\n',
    'Expect: x\r\n',
    'X: y\r\n',
    ' folded\r\n',
    'Content-Type: a\r\n',
    'Trailer: x\r\n',
  ],
  ...[
    '0\r\n\r\n',
    '3\r\nabc\r\n',
    '0\r\nX: y\r\n\r\n',
    '0\r\nContent-Length: 3\r\n\r\n',
    '3;a=b\r\nabc\r\n',
    '0x3\r\n',
    '-1\r\n',
  ],
  ...[
    '00000000000000003\r\n',
    'FFFFFFFFFFFFFFFF\r\n',
    '20000000000000\r\n',
    '3 \r\nabc\r\n',
    '3\nabc\n',
    '\r\n0\r\n',
  ],
];

const METHODS = [
  'GET',
  'GET',
  'POST',
  'POST',
  'HEAD',
  'PUT',
  'OPTIONS',
  'CONNECT',
  'M-SEARCH',
  'G@T',
  '',
];
const TARGETS = [
  '/',
  '/',
  '/a?b',
  '/%zz%00',
  '*',
  'a:1',
  'http://a/b',
  'https://a?x',
  '//',
  '/\xe9',
  '',
];
const VERSIONS = [
  'HTTP/1.1',
  'HTTP/1.1',
  'HTTP/1.1',
  'HTTP/1.0',
  'HTTP/1.9',
  'HTTP/2.0',
  'HTTP/1.1 ',
];

/** One to four requests, as text of latin-1. */
export function requests(random: Random): Buffer {
  let text = '';
  for (let left = 1 + random.below(4); left > 0; left--) text += request(random);
  return Buffer.from(text, 'latin1');
}

function request(random: Random): string {
  const odd = random.once(3);
  const method = odd ? random.pick(METHODS) : random.pick(['GET', 'POST', 'HEAD']);
  const target = odd ? random.pick(TARGETS) : random.pick(['/', '/a?b=c']);
  const version = random.once(6) ? random.pick(VERSIONS) : 'HTTP/1.1';
  const lines = random.once(12) ? [] : ['Host: x'];
  for (let left = random.below(4); left > 0; left--) lines.push(field(random));
  return `${method} ${target} ${version}\r\n${framed(random, lines)}`;
}

function field(random: Random): string {
  if (random.once(2))
    return random.pick(WORDS.filter((word) => word.endsWith('\r\n'))).slice(0, -2);
  return `X-${random.below(9)}: ${'v'.repeat(random.below(30))}`;
}

/** Fields in any order, the blank line, and a body that fits or does not. */
function framed(random: Random, lines: string[]): string {
  const kind = random.below(4);
  let body = '';
  if (kind === 1) {
    body = 'b'.repeat(random.below(40));
    const told = random.once(5) ? random.below(60) : body.length;
    lines.splice(random.below(lines.length + 1), 0, `Content-Length: ${told}`);
  } else if (kind === 2) {
    body = chunks(random);
    lines.splice(random.below(lines.length + 1), 0, 'Transfer-Encoding: chunked');
  }
  return `${lines.map((line) => `${line}\r\n`).join('')}\r\n${body}`;
}

function chunks(random: Random): string {
  let text = '';
  for (let left = random.below(4); left > 0; left--) {
    const data = 'c'.repeat(1 + random.below(40));
    const told = (random.once(6) ? random.below(60) : data.length).toString(16);
    // Whoever counts in 32 or 64 bits takes the one number for the other.
    const size = random.once(12) ? `1${told.padStart(random.pick([8, 16]), '0')}` : told;
    const extension = random.once(4)
      ? random.pick([';a', ';a=b', ' ;a="b;c"', ';', ' ', ';\x01'])
      : '';
    text += `${random.once(6) ? size.toUpperCase().padStart(4, '0') : size}${extension}\r\n${data}\r\n`;
  }
  const trailers = random.once(4)
    ? random.pick(['X: y\r\n', 'Host: b\r\n', 'X : y\r\n', ' y\r\n'])
    : '';
  return `${text}0\r\n${trailers}\r\n`;
}
