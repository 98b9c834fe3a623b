// What a trusted proxy says by the fields of a request: http or https, where the application's paths begin, whose request
// it is. Called once for each head that is not a repetition of the one before; most names are passed over by their length
// and first letter, so that a request costs a look at each field and no more.

import { type ProtocolError, protocolError, quoteText } from '../http1/errors.ts';
import type { Forwarding } from '../http1/forwarding.ts';
import type { Forwarded } from '../threads/app-thread.ts';
import type { Allowed } from './allowed.ts';
import { forwardedClient } from './forwarded-for.ts';

export interface FieldRules {
  /** Field names in any case, each with the value that says https; any other value says http. */
  readonly secureSchemes: { readonly [name: string]: string };
  /** Fields with an underscore that the proxy may send, in any case; `*` for all. */
  readonly forwarderHeaders: readonly string[];
  /** Proxies that X-Forwarded-For is read past; null when it is not read at all. */
  readonly hops: Allowed | null;
}

const SCRIPT_NAME = 'script_name';
const FORWARDED_FOR = 'x-forwarded-for';

/** What most requests say is said by these objects. */
const SECURE: Forwarded = { secure: true, address: null, scriptName: null };
const PLAIN: Forwarded = { secure: false, address: null, scriptName: null };

/** A name of this length and first letter may be one of those that count. */
class Sieve {
  readonly #places = new Uint8Array(64 * 32);

  constructor(names: Iterable<string>) {
    for (const name of names) this.#places[place(name)] = 1;
  }

  passes(name: string): boolean {
    return this.#places[place(name)] === 1;
  }
}

/** The same for both cases of a letter. */
function place(name: string): number {
  return (name.length & 63) * 32 + (name.charCodeAt(0) & 31);
}

export class ProxyFields implements Forwarding {
  readonly #secureValues: ReadonlyMap<string, string>;
  readonly #kept: Set<string>;
  readonly #keepsAll: boolean;
  readonly #hops: Allowed | null;
  readonly #sieve: Sieve;

  constructor(rules: FieldRules) {
    const schemes = Object.entries(rules.secureSchemes);
    this.#secureValues = new Map(schemes.map(([name, value]) => [name.toLowerCase(), value]));
    this.#kept = new Set(rules.forwarderHeaders.map((name) => name.toLowerCase()));
    this.#keepsAll = this.#kept.has('*');
    this.#hops = rules.hops;
    if (this.#keepsAll) this.#kept.add(SCRIPT_NAME);
    const addresses = this.#hops === null ? [] : [FORWARDED_FOR];
    this.#sieve = new Sieve([...this.#secureValues.keys(), ...this.#kept, ...addresses]);
  }

  keeps(name: string): boolean {
    return this.#keepsAll || this.#kept.has(name.toLowerCase());
  }

  understand(fields: readonly string[]): Forwarded | ProtocolError | null {
    let secure: boolean | null = null;
    let scriptName: string | null = null;
    let isForwarded = false;
    let said: Map<string, string> | null = null;
    for (let i = 0; i < fields.length; i += 2) {
      const name = fields[i] as string;
      if (!this.#sieve.passes(name)) continue;
      const lower = name.toLowerCase();
      const value = fields[i + 1] as string;
      const secureValue = this.#secureValues.get(lower);
      if (secureValue !== undefined) {
        const says = value === secureValue;
        if (secure !== null && secure !== says) return contradiction(name, value);
        secure = says;
      }
      if (lower === FORWARDED_FOR) isForwarded = true;
      else if (this.#kept.has(lower)) {
        said ??= new Map();
        if ((said.get(lower) ?? value) !== value) return disagreement(name, value);
        said.set(lower, value);
        if (lower === SCRIPT_NAME) scriptName = value;
      }
    }
    const address = isForwarded && this.#hops !== null ? forwardedClient(fields, this.#hops) : null;
    return summed(secure, address, scriptName);
  }
}

function summed(
  secure: boolean | null,
  address: string | null,
  scriptName: string | null,
): Forwarded | null {
  if (address !== null || scriptName !== null) return { secure, address, scriptName };
  if (secure === null) return null;
  return secure ? SECURE : PLAIN;
}

function disagreement(name: string, value: string): ProtocolError {
  return protocolError('contradictory-forwarder', `${quoteText(name)} says ${quoteText(value)}`);
}

function contradiction(name: string, value: string): ProtocolError {
  return protocolError('contradictory-scheme', `${quoteText(name)} says ${quoteText(value)}`);
}
