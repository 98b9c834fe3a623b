// The shape of a declared setting, and the TypeScript types that follow from a declaration. Declarations are plain data:
// the command line, the config file, the checks, --help, the settings page and the editor schema are all read from them.

import type { LimitRule, WrittenLimitRule } from './limit-rules.ts';

/** A flag as typed: `--workers` or `-w`. */
export type Flag = `-${string}`;

/** An environment variable that gives a default. */
export interface Variable {
  readonly name: string;
  /** The value, with `$NAME` standing for the variable's text. */
  readonly as?: string;
  /** An empty one is a value; else it counts as unset. */
  readonly emptyCounts?: true;
}

/** How the setting compares with Gunicorn's; a string says what is different. */
export type Likeness = 'same' | 'new' | { readonly differs: string };

interface Declared {
  /** Long and short flags, the one to show first; empty for the positional APP and for what a config file alone can say. */
  readonly flags: readonly Flag[];
  /** Other names in a config file. */
  readonly aliases?: readonly string[];
  /** Weakest source but the default; an empty variable counts as unset. */
  readonly environment?: readonly Variable[];
  readonly gunicorn: Likeness;
  /** What stands for the value in --help, if the kind does not say. */
  readonly placeholder?: string;
  /** False for what makes no sense in a config file. */
  readonly inFile?: boolean;
  /** One line for --help. */
  readonly meaning: string;
  /** More sentences for the settings page. */
  readonly details?: string;
  /** What it does not do or not protect against, for the settings page. */
  readonly doesNot?: string;
}

interface Bounded extends Declared {
  readonly default: number;
  readonly min: number;
  readonly max: number;
  /** What 0 means, where it is no plain number. */
  readonly zero?: string;
}

/** A whole number of something. */
export interface CountSetting extends Bounded {
  readonly kind: 'count';
  /** What is counted: "processes", "connections". */
  readonly unit: string;
}

/** A length of time in seconds; decimals are welcome. */
export interface SecondsSetting extends Bounded {
  readonly kind: 'seconds';
}

/** A number of bytes; text may end in k, m or g for KiB, MiB, GiB. */
export interface BytesSetting extends Bounded {
  readonly kind: 'bytes';
  /** "bytes" unless it is a rate. */
  readonly unit?: 'bytes a second';
}

export interface SwitchSetting extends Declared {
  readonly kind: 'switch';
  readonly default: boolean;
}

export interface ChoiceSetting extends Declared {
  readonly kind: 'choice';
  readonly choices: readonly string[];
  readonly default: string;
  /** What the flag stands for without a value. */
  readonly bare?: string;
  /**
   * What people write elsewhere, in small letters, and the choice that it means. Numbers, `true`, `false` and `none` may
   * also stand in a config file without quotes.
   */
  readonly synonyms?: { readonly [written: string]: string };
  /** Values that people bring from elsewhere, each with what to do instead. First match wins. */
  readonly refused?: readonly { readonly pattern: RegExp; readonly instead: string }[];
}

/** What a text must look like; check.ts knows how. */
export type TextForm =
  | 'any'
  | 'not empty'
  | 'directory'
  | 'directories'
  | 'file'
  | 'log file'
  | 'syslog address'
  | 'statsd address'
  | 'limit store'
  | 'inspect address'
  | 'status address'
  | 'PEM file'
  | 'cipher list'
  | 'user'
  | 'group'
  | 'mask'
  | 'rate'
  | 'otlp endpoint'
  | 'share'
  | 'url path';

/** Texts that may be written as numbers. */
const NUMBER_FORMS = ['user', 'group', 'mask', 'share'] as const;
export type NumberForm = (typeof NUMBER_FORMS)[number];

export function isNumberForm(form: TextForm): form is NumberForm {
  return NUMBER_FORMS.some((one) => one === form);
}

export interface TextSetting extends Declared {
  readonly kind: 'text';
  readonly form: TextForm;
  /** What the flag stands for without a value. */
  readonly bare?: string;
  /** null: not set. */
  readonly default: string | null;
}

export type ItemForm =
  | 'argument'
  | 'address'
  | 'assignment'
  | 'network'
  | 'network or file'
  | 'field name'
  | 'path'
  | 'priority';

export interface ListSetting extends Declared {
  readonly kind: 'list';
  readonly form: ItemForm;
  /** One text holds several, parted by it, as Gunicorn has such lists; then a flag given twice counts once, the last time. */
  readonly separator?: ',';
  readonly default: readonly string[];
}

/** Field names, each with a text. */
export interface MapSetting extends Declared {
  readonly kind: 'map';
  readonly default: { readonly [name: string]: string };
}

/** Objects, each a rule about some of the requests. Only a config file can say it; limit-rules.ts knows what they hold. */
export interface RulesSetting extends Declared {
  readonly kind: 'rules';
  readonly form: 'limits';
  readonly default: readonly [];
}

export type Setting =
  | CountSetting
  | SecondsSetting
  | BytesSetting
  | SwitchSetting
  | ChoiceSetting
  | TextSetting
  | ListSetting
  | MapSetting
  | RulesSetting;

/** A section of the book: settings by name, in reading order. */
export interface Section {
  readonly title: string;
  /** A sentence or two below the title of the page. */
  readonly about: string;
  readonly settings: { readonly [name: string]: Setting };
}

/** The type of a setting's value once resolved. */
export type ValueOf<S extends Setting> = S extends { readonly kind: 'count' | 'seconds' | 'bytes' }
  ? number
  : S extends { readonly kind: 'switch' }
    ? boolean
    : S extends { readonly kind: 'choice'; readonly choices: readonly (infer C)[] }
      ? C
      : S extends { readonly kind: 'list' }
        ? readonly string[]
        : S extends { readonly kind: 'map' }
          ? { readonly [name: string]: string }
          : S extends { readonly kind: 'rules' }
            ? readonly LimitRule[]
            : S extends { readonly kind: 'text'; readonly default: string }
              ? string
              : string | null;

type Size = number | `${number}` | `${number}${'k' | 'm' | 'g' | 'K' | 'M' | 'G'}`;

/** What a config file may say for a setting. */
export type WrittenValueOf<S extends Setting> = S extends { readonly kind: 'bytes' }
  ? Size
  : S extends { readonly form: NumberForm }
    ? ValueOf<S> | number
    : S extends { readonly synonyms: infer M }
      ? ValueOf<S> | keyof M | number | (M extends { readonly true: string } ? boolean : never)
      : S extends { readonly kind: 'list' }
        ? string | readonly string[]
        : S extends { readonly kind: 'rules' }
          ? readonly WrittenLimitRule[]
          : ValueOf<S>;
