// Holds a value against the declaration of its setting: text from flags and variables becomes what it means, values of
// config files must be it already or be such text. What does not fit is a SettingError that says the rule, the value and its source.

import { resolve } from 'node:path';
import { findGroup, findUser } from './accounts.ts';
import type { SettingName } from './catalogue.ts';
import { checkAddresses, ITEM_CHECKS, TOKEN } from './check-items.ts';
import { nodeCiphers } from './ciphers.ts';
import {
  type BytesSetting,
  type ChoiceSetting,
  type CountSetting,
  isNumberForm,
  type ListSetting,
  type NumberForm,
  type SecondsSetting,
  type Setting,
  type TextSetting,
} from './declaration.ts';
import { parseInspectAddress, parsePortAddress } from './inspect.ts';
import { LIMIT_RATE_RULE, LimitRateError, parseLimitRate } from './limit-rate.ts';
import { checkLimitRules, type LimitRule, LimitRulesError } from './limit-rules.ts';
import { LIMIT_STORE_RULE, parseLimitStore, withoutSecret } from './limit-store.ts';
import { Misfit } from './misfit.ts';
import { OTLP_ENDPOINT_RULE, OtlpError, parseShare, SHARE_RULE, tracesUrl } from './otlp.ts';
import { either, quote, SettingError } from './setting-error.ts';
import { placeOf, type Source } from './source.ts';
import { parseStatsdAddress } from './statsd.ts';
import { parseSyslogAddress } from './syslog.ts';
import { whatIsAt } from './what-is-there.ts';

export type Value =
  | number
  | boolean
  | string
  | null
  | readonly string[]
  | readonly LimitRule[]
  | { readonly [name: string]: string };

/** A value on its way in. */
export interface Given {
  readonly name: SettingName;
  readonly value: unknown;
  readonly source: Source;
}

/**
 * The value of a setting, checked.
 * @param base directory that relative paths start at
 * @throws SettingError
 */
export function check(setting: Setting, given: Given, base: string): Value {
  try {
    return checked(setting, given.value, base);
  } catch (error) {
    if (error instanceof Misfit) throw badValue(setting, given, error);
    throw error;
  }
}

/** The sentence of every bad value, also of rules that need more than one setting. */
export function badValue(
  setting: Setting,
  given: Given,
  misfit: { rule: string; value: unknown; message?: string; suggestion?: string },
): SettingError {
  const { rule, value, message: why = '' } = misfit;
  const what = `${quote(value)} ${placeOf(given.source)} is not`;
  return new SettingError({
    code: 'bad-value',
    setting: given.name,
    value,
    source: given.source,
    rule,
    problem: `${given.name} must be ${rule}: ${what}${why === '' ? '' : `: ${why}`}.`,
    suggestion: misfit.suggestion || leaveOut(setting, given.source),
  });
}

function leaveOut(setting: Setting, source: Source): string {
  if (source.kind === 'default') return 'Choose another.';
  if (setting.kind === 'switch' || setting.default === null) return '';
  const plain = plainDefault(setting);
  // A lone dot would be read as the end of the sentence.
  const shown = plain === '.' ? quote(plain) : plain;
  return plain === '' ? '' : `Leave it out for the default, ${shown}.`;
}

function plainDefault(setting: Setting): string {
  if (setting.kind === 'list') return setting.default.join(', ');
  return setting.kind === 'map' ? JSON.stringify(setting.default) : String(setting.default);
}

function checked(setting: Setting, value: unknown, base: string): Value {
  switch (setting.kind) {
    case 'count':
      return checkNumber(setting, value, /^[+-]?\d+$/, 1);
    case 'seconds':
      return checkNumber(setting, value, /^[+-]?(\d+\.?\d*|\.\d+)$/, 0);
    case 'bytes':
      return checkNumber(setting, fromSize(value), /^[+-]?\d+$/, 1);
    case 'switch':
      return checkSwitch(value);
    case 'choice':
      return checkChoice(setting, value);
    case 'text':
      return checkText(setting, value, base);
    case 'list':
      return checkList(setting, value, base);
    case 'map':
      return checkMap(value);
    case 'rules':
      return checkRules(value);
  }
}

/** An upper bound that is no larger may be met by mistake, and is worth saying with the lower one. */
const SMALL_MAX = 128;

/** What a number must be; a large upper bound is said only to those who broke it. */
export function ruleOfNumber(
  setting: CountSetting | SecondsSetting | BytesSetting,
  tooLarge = false,
): string {
  const what = {
    count: 'a whole number',
    seconds: 'a number of seconds',
    bytes:
      setting.kind === 'bytes' && setting.unit
        ? `a number of ${setting.unit}`
        : 'a number of bytes',
  }[setting.kind];
  return tooLarge || setting.max <= SMALL_MAX
    ? `${what} from ${setting.min} to ${setting.max}`
    : `${what}, ${setting.min} or more`;
}

/** @param step 1 for whole numbers, 0 for any */
function checkNumber(
  setting: CountSetting | SecondsSetting | BytesSetting,
  value: unknown,
  form: RegExp,
  step: 0 | 1,
): number {
  const isText = typeof value === 'string' && form.test(value.trim());
  const number = isText ? Number(value) : value;
  const fits =
    typeof number === 'number' &&
    Number.isFinite(number) &&
    (step === 0 || Number.isInteger(number));
  if (!fits || number < setting.min) throw new Misfit(ruleOfNumber(setting), value);
  if (number > setting.max) throw new Misfit(ruleOfNumber(setting, true), value);
  return number;
}

/** "16m" is 16 MiB; anything else is left to the check of numbers. */
function fromSize(value: unknown): unknown {
  const parts = typeof value === 'string' ? /^(\d+)([kmg])$/i.exec(value.trim()) : null;
  if (parts === null) return value;
  const [, digits = '', suffix = ''] = parts;
  const power = ['k', 'm', 'g'].indexOf(suffix.toLowerCase()) + 1;
  return Number(digits) * 1024 ** power;
}

/** Words as in Gunicorn's config files. */
function checkSwitch(value: unknown): boolean {
  if (typeof value === 'boolean') return value;
  const word = typeof value === 'string' ? value.trim().toLowerCase() : '';
  if (word !== 'true' && word !== 'false') throw new Misfit('true or false', value);
  return word === 'true';
}

function checkChoice(setting: ChoiceSetting, value: unknown): string {
  const { synonyms } = setting;
  const word = wordOf(setting, value);
  if (setting.choices.includes(word)) return word;
  if (synonyms !== undefined && Object.hasOwn(synonyms, word)) return synonyms[word] ?? word;
  const refused = setting.refused?.find(({ pattern }) => pattern.test(word));
  throw new Misfit(either(setting.choices), value, '', refused?.instead);
}

/** Numbers are words where there are synonyms, switches and nothing where they are among them. */
function wordOf({ synonyms }: ChoiceSetting, value: unknown): string {
  if (typeof value === 'string') return value.toLowerCase();
  if (synonyms === undefined) return '';
  if (typeof value === 'number') return String(value);
  const word = typeof value === 'boolean' || value === null ? String(value ?? 'none') : '';
  return Object.hasOwn(synonyms, word) ? word : '';
}

function checkText(setting: TextSetting, value: unknown, base: string): string | null {
  if (value === null && setting.default === null) return null;
  if (isNumberForm(setting.form)) return checkNamed(setting.form, value);
  if (typeof value !== 'string') throw new Misfit('a text', value);
  if (value.includes('\0')) throw new Misfit('a text without NUL characters', value);
  if (setting.form !== 'any' && value === '') throw new Misfit('a text that is not empty', value);
  if (setting.form === 'directory') return checkDirectory(value, base);
  if (setting.form === 'directories') return absoluteEach(value, base);
  if (setting.form === 'url path' && (!/^\/[!-~]*$/.test(value) || /[?#]/.test(value))) {
    throw new Misfit('a path that begins with / and has neither ?, # nor blanks', value);
  }
  // `-` is a standard stream.
  if (setting.form === 'log file') return value === '-' ? value : resolve(base, value);
  if (setting.form === 'syslog address' && parseSyslogAddress(value) === null) {
    throw new Misfit('udp://HOST:PORT, tcp://HOST:PORT or unix://PATH', value);
  }
  if (setting.form === 'cipher list') checkCiphers(value);
  if (setting.form === 'statsd address' && parseStatsdAddress(value) === null) {
    throw new Misfit('HOST:PORT, [IPV6]:PORT or unix://PATH', value);
  }
  if (setting.form === 'limit store' && parseLimitStore(value) === null) {
    throw new Misfit(LIMIT_STORE_RULE, withoutSecret(value));
  }
  if (setting.form === 'inspect address' && parseInspectAddress(value) === null) {
    throw new Misfit('HOST:PORT, [IPV6]:PORT, HOST or PORT', value);
  }
  if (setting.form === 'status address' && parsePortAddress(value) === null) {
    throw new Misfit('HOST:PORT, [IPV6]:PORT or PORT', value);
  }
  if (setting.form === 'rate') checkRate(value);
  if (setting.form === 'otlp endpoint') checkEndpoint(value);
  // What is in it is looked at by whoever reads it.
  if (setting.form === 'PEM file') return resolve(base, value);
  return value;
}

function checkRate(value: string): void {
  try {
    parseLimitRate(value);
  } catch (error) {
    if (!(error instanceof LimitRateError)) throw error;
    throw new Misfit(LIMIT_RATE_RULE, value, error.message);
  }
}

function checkEndpoint(value: string): void {
  try {
    tracesUrl(value);
  } catch (error) {
    if (!(error instanceof OtlpError)) throw error;
    const shown = value.includes('@') ? withoutSecret(value) : value;
    throw new Misfit(OTLP_ENDPOINT_RULE, shown, error.message);
  }
}

/** OpenSSL decides. It passes over words that it does not know, as long as one cipher is left. */
function checkCiphers(value: string): void {
  const ciphers = nodeCiphers(value);
  try {
    // Loaded only now: --help and most commands want no TLS. An empty list would be Node.js's own.
    process
      .getBuiltinModule('node:tls')
      .createSecureContext({ ciphers: ciphers === '' ? ':' : ciphers });
  } catch {
    const remedy = 'openssl ciphers -v LIST shows what a list means.';
    throw new Misfit('an OpenSSL list of ciphers with one that it knows', value, '', remedy);
  }
}

/** A name or a number; numbers stay texts, so that all values of a setting are of one type. */
function checkNamed(form: NumberForm, value: unknown): string {
  const written = typeof value === 'number' || typeof value === 'string' ? String(value) : '';
  if (form === 'mask') {
    const mask = maskOf(written);
    if (mask === null) throw new Misfit('a number from 0 to 0o777', value);
    return `0${mask.toString(8)}`;
  }
  if (form === 'share') {
    if (parseShare(written) === null) throw new Misfit(SHARE_RULE, value);
    return written.trim();
  }
  if (written === '' || written.includes('\0')) throw new Misfit(`a ${form}`, value);
  const found = form === 'user' ? findUser(written) : findGroup(written);
  if (found !== null) return written;
  throw new Misfit(`the name or number of a ${form}`, value, `this machine has no such ${form}`);
}

/** Gunicorn's way to read it: octal behind a leading 0, else as Python would. */
function maskOf(written: string): number | null {
  const text = written.trim().replace(/^0(?=\d)/, '0o');
  const mask = /^(0[ox][\da-f]+|\d+)$/i.test(text) ? Number(text) : Number.NaN;
  return Number.isInteger(mask) && mask <= 0o777 ? mask : null;
}

function checkDirectory(value: string, base: string): string {
  const path = resolve(base, value);
  if (whatIsAt(path)?.isDirectory()) return path;
  throw new Misfit('an existing directory', value);
}

/** Not checked for existence, as in Gunicorn: Python skips what is not there. */
function absoluteEach(value: string, base: string): string {
  const parts = value.split(',').map((part) => part.trim());
  return parts
    .filter((part) => part !== '')
    .map((part) => resolve(base, part))
    .join(',');
}

function checkList(setting: ListSetting, value: unknown, base: string): readonly string[] {
  const items: readonly unknown[] = Array.isArray(value) ? value : inOneText(setting, value);
  const texts = items.map((item) => {
    if (typeof item !== 'string') throw new Misfit('a text or a list of texts', value);
    return ITEM_CHECKS[setting.form](item, base);
  });
  if (setting.form === 'address') checkAddresses(texts);
  return texts;
}

/** Blanks around an item do not count, nor do two separators in a row. */
function inOneText({ separator }: ListSetting, value: unknown): readonly unknown[] {
  if (separator === undefined || typeof value !== 'string') return [value];
  const items = value.split(separator).map((item) => item.trim());
  return items.filter((item) => item !== '');
}

function checkRules(value: unknown): readonly LimitRule[] {
  try {
    return checkLimitRules(value);
  } catch (error) {
    if (!(error instanceof LimitRulesError)) throw error;
    throw new Misfit(error.rule, error.value, error.message);
  }
}

function checkMap(value: unknown): { readonly [name: string]: string } {
  const isMap = typeof value === 'object' && value !== null && !Array.isArray(value);
  if (!isMap) throw new Misfit('field names, each with a text', value);
  const map: { [name: string]: string } = {};
  for (const [name, text] of Object.entries(value)) {
    if (!TOKEN.test(name)) throw new Misfit('field names, each with a text', name);
    if (typeof text !== 'string') throw new Misfit(`a text for ${name}`, text);
    map[name] = text;
  }
  return map;
}
