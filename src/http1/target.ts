// What a request target means (RFC 9112, 3.2): its form, its path and query, the authority it names. Text
// in, text out; all of it latin-1.

import { isIPv6 } from 'node:net';
import { HOST, isDigit } from './octets.ts';

export interface TargetParts {
  /** Up to the first `?`, as sent; for absolute-form the path in it, `/` when it has none; empty for authority-form. */
  readonly path: string;
  /** After the first `?`, as sent; empty without one. */
  readonly query: string;
  /** Host and port that the target itself names (absolute-form, authority-form), or null. */
  readonly authority: string | null;
}

/** The parts of `target`, or null when it has no form that is allowed with `method`. */
export function splitTarget(method: string, target: string): TargetParts | null {
  if (method === 'CONNECT') return splitAuthorityForm(target);
  if (target.charCodeAt(0) === 0x2f) return splitPath(target, null);
  if (target === '*')
    return method === 'OPTIONS' ? { path: '*', query: '', authority: null } : null;
  return splitAbsoluteForm(method, target);
}

function splitPath(path: string, authority: string | null): TargetParts {
  const mark = path.indexOf('?');
  if (mark === -1) return { path, query: '', authority };
  return { path: path.slice(0, mark), query: path.slice(mark + 1), authority };
}

function splitAuthorityForm(target: string): TargetParts | null {
  // RFC 9112, 3.2.3: host and port, both required.
  if (!isHost(target) || !/[^:]:[0-9]+$/.test(target)) return null;
  return { path: '', query: '', authority: target };
}

function splitAbsoluteForm(method: string, target: string): TargetParts | null {
  const scheme = /^https?:\/\//i.exec(target)?.[0];
  if (scheme === undefined) return null;
  const rest = target.slice(scheme.length);
  const length = rest.search(/[/?]/);
  const authority = length === -1 ? rest : rest.slice(0, length);
  if (authority === '' || !isHost(authority)) return null;
  if (length === -1) {
    // RFC 9112, 3.2.4: OPTIONS with an empty path asks about the server as a whole, as `*` does.
    return { path: method === 'OPTIONS' ? '*' : '/', query: '', authority };
  }
  const path = rest.slice(length);
  return splitPath(path.startsWith('/') ? path : `/${path}`, authority);
}

/**
 * True for `host`, `host:port` and `[address]:port` (RFC 9110, 7.2), and for an empty value, which a client sends
 * when its target has no authority. User names and bytes above 0x7e are refused.
 */
export function isHost(value: string): boolean {
  if (value.charCodeAt(0) === 0x5b) return isBracketedHost(value);
  let i = 0;
  while (i < value.length && HOST[value.charCodeAt(i)] === 1) i++;
  if (i === value.length) return true;
  if (value.charCodeAt(i) === 0x25) return isEncodedHost(value);
  return i > 0 && isPort(value, i);
}

/** IPv6 (RFC 3986, 3.2.2); IPvFuture (`v1.x`) has no users and is refused, and so are zones, which mean something at home only. */
function isBracketedHost(value: string): boolean {
  const close = value.indexOf(']');
  const address = value.slice(1, close);
  if (close === -1 || !isIPv6(address) || address.includes('%')) return false;
  return close + 1 === value.length || isPort(value, close + 1);
}

/** The rare reg-name with `%`: each must begin an encoded byte. */
function isEncodedHost(value: string): boolean {
  const name = /^(?:[-._~!$&'()*+,;=0-9a-z]|%[0-9a-f]{2})+/i.exec(value)?.[0] ?? '';
  return name !== '' && (name.length === value.length || isPort(value, name.length));
}

/**
 * True when `value` goes on at `colon` with a colon and the number of a port. RFC 3986, 3.2.3 allows none, and any number of
 * digits; TCP has 16 bits for it, and what nobody can have connected to is no address of ours.
 */
function isPort(value: string, colon: number): boolean {
  if (value.charCodeAt(colon) !== 0x3a || value.length - colon > 6) return false;
  let port = 0;
  for (let i = colon + 1; i < value.length; i++) {
    const digit = value.charCodeAt(i);
    if (!isDigit(digit)) return false;
    port = port * 10 + digit - 0x30;
  }
  return port <= 0xffff;
}
