// The client's address by X-Forwarded-For. Each proxy adds whom it got the request from at the right end, and what stands
// left of that may be made up by the client; so it is read from the right, past proxies that are known, to the first
// address that is none of them.

import { isIP } from 'node:net';
import { type Allowed, ipv4Number } from './allowed.ts';

/** Proxies of one's own in a row are a handful. A client may name more, and each costs a look into the list. */
const HOPS_AT_MOST = 32;
/** The longest text of an IPv6 address (45), brackets and a port. */
const HOP_CHARACTERS = 64;

/**
 * @param fields name, value, name, value, with one X-Forwarded-For or more: a list each, all together one list
 * @returns the last address that can be believed; null when not even the one at the right end is one
 */
export function forwardedClient(fields: readonly string[], hops: Allowed): string | null {
  let client: string | null = null;
  let left = HOPS_AT_MOST;
  for (let i = fields.length - 2; i >= 0; i -= 2) {
    const name = fields[i] as string;
    if (name.length !== 15 || name.toLowerCase() !== 'x-forwarded-for') continue;
    const list = fields[i + 1] as string;
    for (let end = list.length; end >= 0 && left > 0; left--) {
      const comma = end === 0 ? -1 : list.lastIndexOf(',', end - 1);
      const address = addressOf(list.slice(comma + 1, Math.min(end, comma + 1 + HOP_CHARACTERS)));
      end = comma;
      if (address === '') continue;
      // Whoever wrote something else cannot be looked behind.
      if (address === null) return client;
      client = address;
      if (!hops.names(address)) return client;
    }
  }
  return client;
}

/** "192.0.2.1", "192.0.2.1:4711", "2001:db8::1", "[2001:db8::1]:4711": the address. Empty for an empty member of the list. */
function addressOf(hop: string): string | null {
  const text = hop.trim();
  if (ipv4Number(text) >= 0) return text;
  // A zone (fe80::1%eth0) is a name of somebody else's interface.
  if (text.includes('%')) return null;
  if (text === '' || isIP(text) !== 0) return text;
  const parts = /^(?:\[([^\]]+)\]|([\d.]+))(?::\d{1,5})?$/.exec(text);
  if (parts === null) return null;
  const [, six, four] = parts;
  if (six !== undefined) return isIP(six) === 6 ? six : null;
  return four !== undefined && isIP(four) === 4 ? four : null;
}
