// Values of PM2's file in the forms that PM2 takes them, made into what settings mean. One that fits no form is an error
// that says the key, the rule and the value.

import { shellSplit } from '../shell-split.ts';
import type { Pm2Form } from './keys.ts';

/** What `rule` completes: "must be". */
export class Pm2Misfit extends Error {
  readonly rule: string;

  constructor(rule: string) {
    super(rule);
    this.rule = rule;
  }
}

export type Pm2Value =
  | string
  | number
  | boolean
  | null
  | readonly string[]
  | { readonly [name: string]: string };

const BYTES = ['', 'K', 'M', 'G'];

/** @throws Pm2Misfit */
export function pm2Value(form: Pm2Form, value: unknown, cores: number): Pm2Value {
  switch (form) {
    case 'text':
      return typeof value === 'boolean' ? value : text(value);
    case 'name':
      return typeof value === 'number' ? String(value) : text(value);
    case 'switch':
      if (typeof value !== 'boolean') throw new Pm2Misfit('true or false');
      return value;
    case 'milliseconds':
      return whole(value, 'a number of milliseconds');
    case 'port': {
      const port = whole(value, 'a port');
      if (port > 65_535) throw new Pm2Misfit('a port');
      return port;
    }
    case 'bytes': {
      const [, digits = '', suffix = ''] = /^(\d+)([KMG]?)$/.exec(String(value)) ?? [];
      if (digits === '') throw new Pm2Misfit('a number of bytes, such as 300M');
      return Number(digits) * 1024 ** BYTES.indexOf(suffix);
    }
    case 'instances':
      return copies(value, cores);
    case 'words':
      return typeof value === 'string' ? shellSplit(value, 'args or node_args') : texts(value);
    case 'texts':
      return typeof value === 'string' ? [value] : texts(value);
    case 'watch':
      return typeof value === 'boolean' ? value : pm2Value('texts', value, cores);
    case 'variables':
      return variables(value);
    case 'any':
      return null;
  }
}

function text(value: unknown): string {
  if (typeof value !== 'string' || value === '' || value.includes('\0')) {
    throw new Pm2Misfit('a text that is not empty');
  }
  return value;
}

function texts(value: unknown): readonly string[] {
  const rule = 'a text or a list of texts';
  if (!Array.isArray(value)) throw new Pm2Misfit(rule);
  return value.map((item: unknown) => {
    if (typeof item !== 'string' && typeof item !== 'number') throw new Pm2Misfit(rule);
    return String(item);
  });
}

function whole(value: unknown, rule: string): number {
  const number = typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value;
  if (typeof number !== 'number' || !Number.isInteger(number) || number < 0) {
    throw new Pm2Misfit(rule);
  }
  return number;
}

/** PM2 takes 'max' and 0 for all cores, and a negative number for so many less. */
function copies(value: unknown, cores: number): number {
  const number =
    value === 'max'
      ? 0
      : typeof value === 'string' && /^-?\d+$/.test(value)
        ? Number(value)
        : value;
  if (typeof number !== 'number' || !Number.isInteger(number)) {
    throw new Pm2Misfit('a whole number or "max"');
  }
  return number > 0 ? number : Math.max(1, cores + number);
}

/** As PM2 has them: whatever is no text becomes one. */
function variables(value: unknown): { readonly [name: string]: string } {
  const rule = 'an object of environment variables';
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new Pm2Misfit(rule);
  const found: { [name: string]: string } = {};
  for (const [name, each] of Object.entries(value)) {
    if (each === undefined || each === null) continue;
    if (name === '' || /[=\0]/.test(name)) throw new Pm2Misfit(rule);
    found[name] = typeof each === 'object' ? JSON.stringify(each) : String(each);
  }
  return found;
}
