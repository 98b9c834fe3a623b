// Holds one item of a list against its form: an address to listen on, a network, a path, the name of a field. What does not fit
// is thrown as a Misfit, which check.ts makes an error of.

import { resolve } from 'node:path';
import { BindError, formatBind, parseBind } from './bind.ts';
import type { ItemForm } from './declaration.ts';
import { Misfit } from './misfit.ts';
import { filePathIn, NetworkError, parseNetwork } from './networks.ts';
import { expressionOf, isPattern } from './path-pattern.ts';
import { PRIORITY_RULE, PriorityError, parsePriority } from './priority.ts';
import { whatIsAt } from './what-is-there.ts';

/** RFC 9110, 5.6.2 */
export const TOKEN = /^[!#$%&'*+.^_`|~\w-]+$/;

/** Each answers the item as it is kept. */
export const ITEM_CHECKS: { readonly [F in ItemForm]: (item: string, base: string) => string } = {
  address(item) {
    try {
      parseBind(item);
      return item;
    } catch (error) {
      if (!(error instanceof BindError)) throw error;
      throw new Misfit('HOST:PORT, [IPV6]:PORT, :PORT, unix:PATH or fd://N', item, error.message);
    }
  },
  argument(item) {
    if (item.includes('\0')) throw new Misfit('a text without NUL characters', item);
    return item;
  },
  assignment(item) {
    // The name is whatever the kernel takes, which is more than a shell can say.
    if (!/^[^=\0]+=[^\0]*$/.test(item)) throw new Misfit('KEY=VALUE', item);
    return item;
  },
  path(item, base) {
    const rule = 'an existing file or folder, or a pattern such as "*.html"';
    if (item === '' || item.includes('\0')) throw new Misfit(rule, item);
    const path = resolve(base, item);
    if (whatIsAt(path) !== null) return path;
    // A pattern may match nothing yet.
    if (!isPattern(item)) throw new Misfit(rule, item);
    if (expressionOf(path) === null) {
      throw new Misfit(rule, item, 'a range in its brackets runs backwards');
    }
    return path;
  },
  network(item) {
    if (item === '*') return item;
    try {
      parseNetwork(item);
      return item;
    } catch (error) {
      if (!(error instanceof NetworkError)) throw error;
      const rule = 'IP addresses, networks such as 10.0.0.0/8, or *';
      throw new Misfit(rule, item, error.message);
    }
  },
  'network or file'(item, base) {
    const path = filePathIn(item);
    // What is in it is looked at by whoever reads it.
    if (path !== null) return `file:${resolve(base, path)}`;
    try {
      parseNetwork(item);
      return item;
    } catch (error) {
      if (!(error instanceof NetworkError)) throw error;
      const rule = 'IP addresses, networks such as 10.0.0.0/8, or file:PATH';
      throw new Misfit(rule, item, error.message);
    }
  },
  priority(item) {
    try {
      parsePriority(item);
      return item;
    } catch (error) {
      if (!(error instanceof PriorityError)) throw error;
      throw new Misfit(PRIORITY_RULE, item, error.message);
    }
  },
  'field name'(item) {
    if (!TOKEN.test(item)) throw new Misfit('names of fields, or *', item);
    return item;
  },
};

/** At least one, and none twice (port 0 is another port each time). */
export function checkAddresses(texts: readonly string[]): void {
  if (texts.length === 0) throw new Misfit('at least one address', texts);
  const seen = new Set<string>();
  for (const text of texts) {
    const address = parseBind(text);
    const written = formatBind(address);
    const repeats = seen.has(written) && !(address.kind === 'tcp' && address.port === 0);
    if (repeats) throw new Misfit('different addresses', text, 'it stands there twice');
    seen.add(written);
  }
}
