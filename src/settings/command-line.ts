// Flags and positionals from a list of words, with the manners of Gunicorn's argparse: `--flag value`, `--flag=value`,
// `-w4`, `-w 4`, unambiguous prefixes, positionals anywhere, `--`. Values are not judged here, only found.

import { CATALOGUE, SETTING_NAMES, type SettingName } from './catalogue.ts';
import type { Given } from './check.ts';
import { type ForeignFlag, foreignFlag } from './gunicorn-only.ts';
import { nearest } from './nearest.ts';
import { either, quote, SettingError } from './setting-error.ts';
import { type ArgumentsFrom, labelOf, placeOfArguments, type Source } from './source.ts';

export interface Arguments {
  /** At most one for each setting: the last of a plain one, all of a list. */
  readonly given: readonly Given[];
  /** Set when --help or --version was met; what stands behind it was not read. */
  readonly show: 'help' | 'version' | null;
  /** Sentences for people: options of Gunicorn's that have no effect. */
  readonly warnings: readonly string[];
}

interface FlagMeaning {
  readonly flag: string;
  readonly target: SettingName | 'help' | 'version';
  /** The value it stands for; null when it takes one. */
  readonly stands: boolean | null;
  /** Gunicorn has the setting: its prefixes stay what they are there. */
  readonly fromGunicorn: boolean;
}

const FLAGS: ReadonlyMap<string, FlagMeaning> = flagTable();

function flagTable(): Map<string, FlagMeaning> {
  const table = new Map<string, FlagMeaning>();
  const add = (
    flag: string,
    target: FlagMeaning['target'],
    stands: boolean | null,
    old: boolean,
  ): void => {
    table.set(flag, { flag, target, stands, fromGunicorn: old });
  };
  for (const flag of ['-h', '--help']) add(flag, 'help', true, true);
  for (const flag of ['-v', '--version']) add(flag, 'version', true, true);
  for (const name of SETTING_NAMES) {
    const { flags, kind, gunicorn } = CATALOGUE[name];
    for (const flag of flags) {
      add(flag, name, kind === 'switch' ? true : null, gunicorn !== 'new');
      if (kind === 'switch' && flag.startsWith('--'))
        add(flag.replace(/^--/, '--no-'), name, false, false);
    }
  }
  return table;
}

/** @throws SettingError that isUsage */
export function parseArguments(words: readonly string[], from: ArgumentsFrom): Arguments {
  const reader = new ArgumentReader(words, from);
  return reader.read();
}

/**
 * What stands in a subcommand's line beside flags and their values, wherever it stands; `rest`: those, as they were.
 * @throws SettingError that isUsage
 */
export function takePositionals(words: readonly string[]): {
  positionals: readonly string[];
  rest: readonly string[];
} {
  const places = new Set<number>();
  new ArgumentReader(words, 'command line', (at) => places.add(at)).read();
  return {
    positionals: words.filter((_, at) => places.has(at)),
    rest: words.filter((_, at) => !places.has(at)),
  };
}

class ArgumentReader {
  readonly #words: readonly string[];
  readonly #from: ArgumentsFrom;
  /** Is told where one stands instead; null: the only one there may be is APP. */
  readonly #positionalAt: ((at: number) => void) | null;
  readonly #given = new Map<SettingName, Given>();
  readonly #warnings: string[] = [];
  #next = 0;

  constructor(
    words: readonly string[],
    from: ArgumentsFrom,
    positionalAt: ((at: number) => void) | null = null,
  ) {
    this.#words = words;
    this.#from = from;
    this.#positionalAt = positionalAt;
  }

  read(): Arguments {
    let onlyPositionals = false;
    for (let word = this.#take(); word !== undefined; word = this.#take()) {
      if (onlyPositionals || !looksLikeFlag(word)) this.#positional(word);
      else if (word === '--') onlyPositionals = true;
      else {
        const show = this.#flag(word);
        if (show !== null) return this.#found(show);
      }
    }
    return this.#found(null);
  }

  #found(show: Arguments['show']): Arguments {
    return { given: [...this.#given.values()], show, warnings: this.#warnings };
  }

  #take(): string | undefined {
    return this.#words[this.#next++];
  }

  #positional(word: string): void {
    if (this.#positionalAt !== null) {
      this.#positionalAt(this.#next - 1);
      return;
    }
    const before = this.#given.get('app');
    if (before !== undefined) {
      throw this.#usage(
        'APP',
        word,
        `One application is served, not two: ${quote(before.value)} and ${quote(word)}`,
      );
    }
    this.#add('app', 'APP', word);
  }

  #flag(word: string): 'help' | 'version' | null {
    const [written, attached] = splitFlag(word);
    const meaning = this.#meaningOf(written);
    if ('verdict' in meaning) {
      this.#foreign(written, meaning, this.#valueOf(written, meaning.stands, attached, 'VALUE'));
      return null;
    }
    const { flag, target, stands } = meaning;
    const placeholder = target === 'help' || target === 'version' ? '' : placeholderOf(target);
    const value = this.#valueOf(flag, stands, attached ?? this.#bare(target), placeholder);
    if (target === 'help' || target === 'version') return target;
    this.#add(target, flag, value);
    return null;
  }

  /** A flag that can stand alone does so unless a word follows that it knows: what follows may be APP. */
  #bare(target: FlagMeaning['target']): string | null {
    const setting = target === 'help' || target === 'version' ? null : CATALOGUE[target];
    const canBe = setting?.kind === 'choice' || setting?.kind === 'text';
    if (!canBe || setting.bare === undefined) return null;
    const next = this.#words[this.#next]?.toLowerCase() ?? '';
    // An address of a debugger has a port, or is one: whatever else follows is APP.
    if (setting.kind === 'text')
      return /^([a-z0-9.-]+:|\[.+\]:)?\d+$/.test(next) ? null : setting.bare;
    const isKnown = setting.choices.includes(next) || Object.hasOwn(setting.synonyms ?? {}, next);
    return isKnown ? null : setting.bare;
  }

  /** What the flag stands for, or what stands in it or behind it. */
  #valueOf(
    flag: string,
    stands: boolean | null,
    attached: string | null,
    placeholder: string,
  ): string | boolean {
    if (stands !== null) {
      if (attached === null) return stands;
      throw this.#usage(
        flag,
        attached,
        `Option ${flag} takes no value, and got ${quote(attached)}`,
      );
    }
    if (attached !== null) return attached;
    const value = this.#words[this.#next];
    if (value === undefined || looksLikeFlag(value)) {
      throw this.#usage(flag, null, `Option ${flag} needs a value (${placeholder})`);
    }
    this.#next += 1;
    return value;
  }

  /** Gunicorn has it, and we have not. */
  #foreign(flag: string, { verdict }: ForeignFlag, value: string | boolean): void {
    const said = verdict(value);
    const source: Source = { kind: 'arguments', from: this.#from, flag };
    if (said.kind === 'no effect') this.#warnings.push(`${labelOf(source)}: ${said.warning}`);
    if (said.kind !== 'refused') return;
    throw new SettingError({
      code: 'not-yet',
      setting: flag,
      value,
      source,
      rule: '',
      problem: said.problem,
      suggestion: said.instead,
    });
  }

  #add(name: SettingName, flag: string, value: string | boolean): void {
    const before = this.#given.get(name)?.value;
    const setting = CATALOGUE[name];
    const gathers = setting.kind === 'list' && setting.separator === undefined;
    const all = gathers ? [...(Array.isArray(before) ? before : []), value] : value;
    this.#given.set(name, {
      name,
      value: all,
      source: { kind: 'arguments', from: this.#from, flag },
    });
  }

  /** The flag itself, or the only one that begins like it. */
  #meaningOf(written: string): FlagMeaning | ForeignFlag {
    const exact = FLAGS.get(written);
    if (exact !== undefined) return exact;
    const long = written.startsWith('--') && written.length > 2;
    const starting = long ? [...FLAGS.values()].filter(({ flag }) => flag.startsWith(written)) : [];
    if (starting.length === 0) {
      const foreign = foreignFlag(written);
      if (foreign === null) throw this.#unknown(written);
      return foreign;
    }
    const chosen = onlyTarget(starting) ?? onlyTarget(starting.filter((m) => m.fromGunicorn));
    if (chosen !== null) return chosen;
    const several = either(starting.map(({ flag }) => flag));
    throw this.#usage(written, null, `Option ${written} could be ${several}`);
  }

  #unknown(flag: string): SettingError {
    const near = nearest(flag, [...FLAGS.keys()]);
    return new SettingError({
      code: 'unknown-flag',
      setting: flag,
      value: null,
      source: { kind: 'arguments', from: this.#from, flag },
      rule: '',
      problem: `Unknown option ${flag} ${placeOfArguments(this.#from, null)}.`,
      suggestion: near === null ? 'tunicorn --help lists them all.' : `Did you mean ${near}?`,
    });
  }

  #usage(flag: string, value: unknown, problem: string): SettingError {
    return new SettingError({
      code: 'usage',
      setting: flag,
      value,
      source: { kind: 'arguments', from: this.#from, flag },
      rule: '',
      problem: `${problem}${this.#from === 'command line' ? '' : ` in ${this.#from}`}.`,
      suggestion: '',
    });
  }
}

/** As argparse sees it: `-`, negative numbers and whatever has a blank in it are values. */
function looksLikeFlag(word: string): boolean {
  if (!word.startsWith('-') || word === '-') return false;
  return !/^-\d*\.?\d+$/.test(word) && !/^[^=]*\s/.test(word);
}

/** `--flag=value`, `-w4` and `-w=4` carry their value with them. */
function splitFlag(word: string): [flag: string, attached: string | null] {
  if (word.startsWith('--')) {
    const equals = word.indexOf('=');
    return equals === -1 ? [word, null] : [word.slice(0, equals), word.slice(equals + 1)];
  }
  const rest = word.slice(2);
  return [word.slice(0, 2), rest === '' ? null : rest.replace(/^=/, '')];
}

/** The first of them, if all mean the same. */
function onlyTarget(meanings: readonly FlagMeaning[]): FlagMeaning | null {
  const [first] = meanings;
  if (first === undefined) return null;
  const same = meanings.every((m) => m.target === first.target && m.stands === first.stands);
  return same ? first : null;
}

/** What stands for the value of a setting in --help and in errors. */
export function placeholderOf(name: SettingName): string {
  const setting = CATALOGUE[name];
  if (setting.placeholder !== undefined) return setting.placeholder;
  if (setting.kind === 'choice') return `{${setting.choices.join(',')}}`;
  return PLACEHOLDERS[setting.kind];
}

const PLACEHOLDERS = {
  count: 'N',
  seconds: 'SECONDS',
  bytes: 'BYTES',
  text: 'TEXT',
  list: 'TEXT',
  map: '',
  rules: '',
  switch: '',
} as const;
