// One limit of a rate, ready to be asked with every request: whether it is about the request, and by what that is counted. The
// whole list is made from the settings here, for whoever counts and for whoever explains. Pure.

import { type LimitRate, parseLimitRate } from '../settings/limit-rate.ts';
import { LIMIT_RATE_NAME, type LimitKey, type LimitRule } from '../settings/limit-rules.ts';
import type { Settings } from '../settings/settings.ts';
import type { RequestHead } from '../threads/app-thread.ts';
import { type PathForms, pathForms, plainPath } from './path-forms.ts';
import type { TokenLimit } from './tokens.ts';

/** What of a request a limit looks at. */
export type LimitedRequest = Pick<RequestHead, 'method' | 'path' | 'fields'>;

export class Limit implements TokenLimit {
  readonly name: string;
  readonly rate: LimitRate;
  readonly key: LimitKey;
  /** In small letters; empty: by no field. */
  readonly field: string;
  /** Its place in `limits`, or -1: it is limit_rate. */
  readonly place: number;
  /** As plainPath has it; empty: every path, and what has none. */
  readonly #path: string;
  readonly #methods: ReadonlySet<string>;

  constructor(rule: LimitRule, place: number) {
    this.name = rule.name;
    this.rate = parseLimitRate(rule.rate);
    this.key = rule.key;
    this.field = /^header:(.*)$/.exec(rule.key)?.[1] ?? '';
    this.place = place;
    this.#path = rule.path === '/' ? '' : plainPath(rule.path);
    this.#methods = new Set(
      rule.methods.includes('GET') ? [...rule.methods, 'HEAD'] : rule.methods,
    );
  }

  /** What is counted together, after a reload and on other hosts, too: another rate is another limit. */
  get id(): string {
    const { requests, perMs, burst } = this.rate;
    return `${this.name} ${this.key} ${requests}/${perMs}:${burst}`;
  }

  get readsPath(): boolean {
    return this.#path !== '';
  }

  /** @param forms of the request's path; only where it `readsPath` */
  concerns(method: string, forms: PathForms | null): boolean {
    return this.#isBelow(forms) && this.#hasMethod(method);
  }

  #isBelow(forms: PathForms | null): boolean {
    if (this.#path === '' || forms === null) return this.#path === '';
    return forms.some((form) => form.startsWith(this.#path));
  }

  /** To some applications `post` is POST. */
  #hasMethod(method: string): boolean {
    const methods = this.#methods;
    return methods.size === 0 || methods.has(method) || methods.has(method.toUpperCase());
  }
}

/**
 * All of them in the order in which a request meets them. First those that count by address, which a client cannot choose: what they
 * refuse costs the others nothing, no key in a store and no question to a function.
 */
export function limitsOf({ limits, limit_rate }: Pick<Settings, 'limits' | 'limit_rate'>): Limit[] {
  const all = limits.map((rule, place) => new Limit(rule, place));
  if (limit_rate !== null) {
    const everything = { name: LIMIT_RATE_NAME, path: '/', methods: [], rate: limit_rate } as const;
    all.push(new Limit({ ...everything, key: 'address' }, -1));
  }
  const isByAddress = ({ key, field }: Limit): boolean => key !== 'function' && field === '';
  return [...all.filter(isByAddress), ...all.filter((limit) => !isByAddress(limit))];
}

/** Those of `limits` that this request meets. */
export function concerning(limits: readonly Limit[], { method, path }: LimitedRequest): Limit[] {
  const forms = pathForms(path);
  return limits.filter((limit) => limit.concerns(method, forms));
}

/** What a field says, of a repeated one all of it; null when it is not there, or empty. */
export function fieldValue(fields: readonly string[], name: string): string | null {
  let found: string | null = null;
  for (let i = 0; i < fields.length; i += 2) {
    const one = fields[i] as string;
    if (one.length !== name.length || one.toLowerCase() !== name) continue;
    found = found === null ? (fields[i + 1] as string) : `${found}, ${fields[i + 1]}`;
  }
  return found === '' ? null : found;
}
