// What a client expects (RFC 9110, 10.1.1): `100-continue`, which the I/O loop sees to, or something that nobody here knows.

import type { Exchange } from './exchange.ts';

/** As Node.js reads it. */
const CONTINUE = /(?:^|\W)100-continue(?:$|\W)/i;

export type Expectation = 'nothing' | 'continue' | 'unknown';

export function expectationOf({ facts, fields }: Exchange): Expectation {
  if (!facts.expects) return 'nothing';
  for (let at = 0; at < fields.length; at += 2) {
    if (fields[at]?.toLowerCase() !== 'expect') continue;
    return CONTINUE.test(fields[at + 1] ?? '') ? 'continue' : 'unknown';
  }
  return 'nothing';
}

/** True where nobody knows what is expected: it is answered 417, as by Node's own server. */
export function refusesExpectation(exchange: Exchange): boolean {
  if (expectationOf(exchange) !== 'unknown') return false;
  // A client that waits to be told may send its body all the same.
  const fields = exchange.inlet === null ? '' : 'Connection: close\r\n';
  exchange.whole('417 Expectation Failed', fields, true, '', null);
  return true;
}
