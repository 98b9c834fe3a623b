// What `tunicorn explain` finds out, before it is put into words: a rule is one setting and what it means for the request
// that is asked about. Both forms of the answer, text and JSON, are made from these.

import type { SettingName } from '../settings/catalogue.ts';
import { shownValue } from '../settings/describe/shown.ts';
import type { Resolved } from '../settings/resolve.ts';
import { labelOf } from '../settings/source.ts';

/** In the order in which a request meets them. */
export const PARTS = ['trust', 'clients', 'limits', 'deadlines'] as const;
export type Part = (typeof PARTS)[number];

export interface Rule {
  readonly part: Part;
  readonly setting: SettingName;
  readonly value: unknown;
  /** Where it was set: "default", "tunicorn.config.ts:12", "command line --timeout". */
  readonly set: string;
  /** What it means for this request; no full stop. */
  readonly says: string;
}

/** What the server would answer by itself. */
export interface OwnAnswer {
  /** Null: the connection is reset when it comes. */
  readonly status: number | null;
  /** As in the log: errors.md has it; empty where the answer is no failure. */
  readonly code: string;
  readonly detail: string;
}

export interface Explanation {
  readonly request: {
    readonly method: string;
    readonly target: string;
    /** Empty for a client of a unix socket. */
    readonly from: string;
    readonly app: { readonly name: string | null; readonly type: 'wsgi' | 'node' };
  };
  /** For whose request it is taken. */
  readonly client: {
    readonly address: string;
    readonly scheme: 'http' | 'https';
    /** Where the application's paths begin; null: at the root. */
    readonly scriptName: string | null;
  };
  /** Null: the application answers. */
  readonly answer: OwnAnswer | null;
  readonly rules: readonly Rule[];
}

/** Makes the rules of one part. */
export type Ruler = (setting: SettingName, says: string) => Rule;

export function rulerOf(
  { settings, sources }: Pick<Resolved, 'settings' | 'sources'>,
  part: Part,
): Ruler {
  return (setting, says) => ({
    part,
    setting,
    value: shownValue(setting, settings),
    set: labelOf(sources[setting]),
    says,
  });
}
