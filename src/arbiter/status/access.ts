// Who may ask at the status address: with a token whoever shows it; without one who names this machine, so that no name that a page
// of a browser chose leads here (DNS rebinding). And no page of another origin, in either case.

import { timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { isIP } from 'node:net';

/** null: it may. Else what it is answered. */
export interface Denial {
  readonly status: 401 | 403;
  readonly sentence: string;
}

/** What a browser says of a page's requests to where the page came from, and of what a person asked for by hand. */
const OWN_SITES: ReadonlySet<string> = new Set(['same-origin', 'none']);

const NOT_NAMED: Denial = {
  status: 403,
  sentence: 'Ask by an IP address or localhost, or set status_token.',
};
const OTHER_ORIGIN: Denial = {
  status: 403,
  sentence: 'A page of another origin may not ask.',
};
const NO_TOKEN: Denial = { status: 401, sentence: 'A token is wanted.' };

export class Access {
  readonly #token: Buffer | null;

  constructor(token: string | null) {
    this.#token = token === null ? null : Buffer.from(token);
  }

  /** For what shows nothing of the server: the page itself. */
  toPage({ host }: IncomingHttpHeaders): Denial | null {
    return this.#token === null && !namesThisMachine(host) ? NOT_NAMED : null;
  }

  /** For everything else. */
  toData(headers: IncomingHttpHeaders): Denial | null {
    if (isOfOtherOrigin(headers)) return OTHER_ORIGIN;
    return this.toPage(headers) ?? (this.#shows(headers.authorization) ? null : NO_TOKEN);
  }

  #shows(authorization: string | undefined): boolean {
    if (this.#token === null) return true;
    const shown = Buffer.from(/^Bearer +(.*)$/i.exec(authorization ?? '')?.[1] ?? '');
    return shown.length === this.#token.length && timingSafeEqual(shown, this.#token);
  }
}

function isOfOtherOrigin(headers: IncomingHttpHeaders): boolean {
  const site = headers['sec-fetch-site'];
  if (typeof site === 'string' && !OWN_SITES.has(site)) return true;
  const { origin, host } = headers;
  if (origin === undefined) return false;
  // A proxy in front may speak TLS: what it is called counts.
  return origin.replace(/^https?:\/\//, '') !== host;
}

function namesThisMachine(host: string | undefined): boolean {
  const name = (host ?? '').replace(/:\d+$/, '').replace(/^\[|\]$/g, '');
  return name === 'localhost' || isIP(name) !== 0;
}
