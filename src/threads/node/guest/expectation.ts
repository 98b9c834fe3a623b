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

/** 417, as from Node's own server: the application does not see the request. True where it is answered so. */
export function refusesExpectation(exchange: Exchange): boolean {
  if (!exchange.facts.expects || expectationOf(exchange) !== 'unknown') return false;
  exchange.whole('417 Expectation Failed', '', true, '', null);
  return true;
}
