// The limits of a config file (`limits`): which requests each is about, how many of them for each client, and what a client is
// known by. Read into plain data that travels to workers; what is wrong is told with the place in the list.

import { LIMIT_RATE_RULE, LimitRateError, parseLimitRate } from './limit-rate.ts';

/** A limit, checked; everything is there. */
export interface LimitRule {
  /** For the log, for clients (RateLimit fields), and to count on by after a reload. No two have the same. */
  readonly name: string;
  /** Requests whose path begins so; `/`: all. */
  readonly path: string;
  /** In capitals; empty: all. */
  readonly methods: readonly string[];
  /** As limit-rate.ts reads it. */
  readonly rate: string;
  readonly key: LimitKey;
}

/** What requests are counted by. `function`: the config file has one, in this place of its list. */
export type LimitKey = 'address' | 'everybody' | `header:${string}` | 'function';

/** What a function of a config file is told of a request. */
export interface KeyedRequest {
  readonly method: string;
  /** Up to the first `?`, as sent. */
  readonly path: string;
  readonly query: string;
  /** By names in small letters; values of a repeated one are joined by a comma and a blank. */
  readonly headers: { readonly [name: string]: string };
  /** The client's address, as limits know it; empty for a client of a unix socket. */
  readonly address: string;
}

/** A limit, as a config file writes it. */
export interface WrittenLimitRule {
  readonly rate: string;
  readonly path?: string;
  readonly methods?: string | readonly string[];
  /** A function answers the key of a request, or null for the address. */
  readonly key?:
    | Exclude<LimitKey, 'function'>
    | ((request: KeyedRequest) => string | null | Promise<string | null>);
  readonly name?: string;
}

/** No such rule: it completes "limits must be", with the value that is not. */
export class LimitRulesError extends Error {
  readonly rule: string;
  readonly value: unknown;

  constructor(rule: string, value: unknown, why = '') {
    super(why);
    this.rule = rule;
    this.value = value;
  }
}

/** What limit_rate is called in the log and in RateLimit, among these. */
export const LIMIT_RATE_NAME = 'default';

const KEYS = ['rate', 'path', 'methods', 'key', 'name'] as const;
/** RFC 9110, 5.6.2 */
const TOKEN = /^[!#$%&'*+.^_`|~\w-]+$/;
/** More would be looked through with every request. */
const RULES_MAX = 100;

/** @throws LimitRulesError */
export function checkLimitRules(value: unknown): readonly LimitRule[] {
  const isList = Array.isArray(value);
  if (!isList) throw new LimitRulesError("a list of limits such as { path, rate: '5/m' }", value);
  if (value.length > RULES_MAX) {
    throw new LimitRulesError(`a list of at most ${RULES_MAX} limits`, value.length);
  }
  const rules: LimitRule[] = [];
  for (const [index, item] of value.entries()) {
    const rule = checkRule(item, `limits[${index}]`);
    if (rules.some(({ name }) => name === rule.name)) {
      const what = `a list of limits with different names: limits[${index}].name`;
      throw new LimitRulesError(what, rule.name, 'give them names of their own');
    }
    rules.push(rule);
  }
  return rules;
}

function checkRule(item: unknown, place: string): LimitRule {
  if (typeof item !== 'object' || item === null || Array.isArray(item)) {
    throw new LimitRulesError("a list of limits such as { path, rate: '5/m' }", item);
  }
  const written: { readonly [key: string]: unknown } = { ...item };
  for (const key of Object.keys(written)) {
    if (KEYS.some((known) => known === key)) continue;
    throw new LimitRulesError(`a list of limits that have ${KEYS.join(', ')} alone`, key, place);
  }
  const path = checkPath(written['path'] ?? '/', place);
  const methods = written['methods'] == null ? [] : checkMethods(written['methods'], place);
  const key = checkKey(written['key'] ?? 'address', place);
  return {
    name: checkName(written['name'] ?? nameOf(path, methods, key), place),
    path,
    methods,
    rate: checkRate(written, place),
    key,
  };
}

/** "POST /login by header:x-api-key" */
function nameOf(path: string, methods: readonly string[], key: LimitKey): string {
  const by = key === 'address' ? '' : ` by ${key}`;
  return `${[...methods, path].join(' ')}${by}`;
}

function checkRate(item: { readonly [key: string]: unknown }, place: string): string {
  const value = item['rate'];
  const rule = `a list of limits whose ${place}.rate is ${LIMIT_RATE_RULE}`;
  if (value === undefined) throw new LimitRulesError(rule, item, 'it has no rate');
  if (typeof value !== 'string') throw new LimitRulesError(rule, value);
  try {
    parseLimitRate(value);
    return value;
  } catch (error) {
    if (!(error instanceof LimitRateError)) throw error;
    throw new LimitRulesError(rule, value, error.message);
  }
}

function checkPath(value: unknown, place: string): string {
  const rule = `a list of limits whose ${place}.path begins with / and has neither ?, # nor blanks`;
  if (typeof value !== 'string' || !/^\/[!-~]*$/.test(value) || /[?#]/.test(value)) {
    throw new LimitRulesError(rule, value, asSent(value));
  }
  if (/\/\.{1,2}(\/|$)/.test(value)) {
    throw new LimitRulesError(rule, value, 'no request is known by . or .. in its path');
  }
  return value;
}

/** "write it as a request has it, /caf%C3%A9"; empty where that would not be right either. */
function asSent(value: unknown): string {
  if (typeof value !== 'string' || !/^\/[^?#]*$/.test(value)) return '';
  const path = value.replace(/\p{Surrogate}/gu, '\ufffd').replace(/[^!-~]+/g, encodeURIComponent);
  return `write it as a request has it, ${path}`;
}

function checkMethods(value: unknown, place: string): readonly string[] {
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (Array.isArray(value) && value.length === 0) {
    const rule = `a list of limits whose ${place}.methods are methods`;
    throw new LimitRulesError(rule, value, 'leave it out for all');
  }
  const methods = list.map((method) => {
    if (typeof method === 'string' && TOKEN.test(method)) return method.toUpperCase();
    throw new LimitRulesError(`a list of limits whose ${place}.methods are methods`, method);
  });
  return [...new Set(methods)];
}

function checkKey(value: unknown, place: string): LimitKey {
  if (typeof value === 'function') return 'function';
  if (value === 'address' || value === 'everybody') return value;
  const field = typeof value === 'string' ? /^header:(.*)$/is.exec(value)?.[1] : undefined;
  if (field !== undefined && TOKEN.test(field)) return `header:${field.toLowerCase()}`;
  const rule = `a list of limits whose ${place}.key is address, everybody, header:NAME or a function`;
  throw new LimitRulesError(rule, value);
}

function checkName(value: unknown, place: string): string {
  if (value === LIMIT_RATE_NAME) {
    const rule = `a list of limits with names of their own: ${place}.name`;
    throw new LimitRulesError(rule, value, 'limit_rate has that name');
  }
  if (typeof value === 'string' && /^[ -~]{1,100}$/.test(value) && !/["\\]/.test(value)) {
    return value;
  }
  const rule = `a list of limits whose ${place}.name has 1 to 100 letters of ASCII and no quotes`;
  throw new LimitRulesError(rule, value);
}
