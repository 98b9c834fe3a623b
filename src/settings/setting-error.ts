// The one shape of everything that can be wrong with settings: what was wrong, where it came from, what would be right.
// The message is a sentence for people; `code` is for programs.

import type { Source } from './source.ts';

export type SettingErrorCode =
  /** A value breaks the rule of its setting. */
  | 'bad-value'
  /** A config file names a setting that does not exist. */
  | 'unknown-setting'
  | 'unknown-flag'
  /** A flag lacks its value, has one too many, or could be several. */
  | 'usage'
  /** Gunicorn has it, Tunicorn does not have it yet. */
  | 'not-yet'
  /** A config file is missing, cannot be read or exports no settings. */
  | 'config-file'
  | 'no-application';

export interface SettingProblem {
  readonly code: SettingErrorCode;
  /** Name of the setting, flag or file it is about. */
  readonly setting: string;
  readonly value: unknown;
  readonly source: Source | null;
  /** What a value must be, "a whole number, 1 or more"; empty where no value is judged. */
  readonly rule: string;
  /** What would be right; a sentence, or empty. */
  readonly suggestion: string;
  /** What is wrong; a sentence. */
  readonly problem: string;
  /** More lines for people: the stack of a config file that threw. */
  readonly detail?: string;
}

/** Thrown by everything that reads settings. */
export class SettingError extends Error {
  readonly code: SettingErrorCode;
  readonly setting: string;
  readonly value: unknown;
  readonly source: Source | null;
  readonly rule: string;
  readonly suggestion: string;
  readonly detail: string;

  constructor(p: SettingProblem) {
    super(p.suggestion === '' ? p.problem : `${p.problem} ${p.suggestion}`);
    this.name = 'SettingError';
    this.code = p.code;
    this.setting = p.setting;
    this.value = p.value;
    this.source = p.source;
    this.rule = p.rule;
    this.suggestion = p.suggestion;
    this.detail = p.detail ?? '';
  }

  /** Flags were used wrongly: Gunicorn (argparse) exits with 2 then, and with 1 for any other mistake, config files included. */
  get isUsage(): boolean {
    return this.source?.kind === 'arguments' && this.code !== 'config-file';
  }
}

/** A value as it is quoted in a sentence; long ones are cut at 60 characters. */
export function quote(value: unknown): string {
  if (typeof value === 'function') return 'a function';
  if (typeof value === 'bigint' || typeof value === 'symbol') return String(value);
  let text: string | undefined;
  try {
    text = typeof value === 'number' ? String(value) : JSON.stringify(value);
  } catch {
    text = 'an object'; // it contains itself
  }
  if (text === undefined) return 'undefined';
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

/** "a", "a or b", "a, b or c". */
export function either(words: readonly string[]): string {
  if (words.length < 2) return words.join('');
  return `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;
}
