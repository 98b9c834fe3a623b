// An expectation that nobody here knows (RFC 9110, 10.1.1). The I/O loop sees to `100-continue`; other ones come as far as the
// thread, because a program on node:http may listen for them.

import type { Exchange } from './exchange.ts';

/** Answers 417, and closes as behind any refusal: the client may send its body all the same. True where it did. */
export function refusesExpectation(exchange: Exchange): boolean {
  if (exchange.facts.expects !== 'other') return false;
  exchange.whole('417 Expectation Failed', 'Connection: close\r\n', true, '', null);
  exchange.inlet?.discard();
  return true;
}
