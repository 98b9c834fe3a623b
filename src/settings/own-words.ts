// The words that a subcommand has of its own (`tunicorn drill`, `tunicorn explain`), taken out of its command line.
// Everything else there is the server's and is resolved as for serving; tests hold that no setting has such a flag.

import { SettingError } from './setting-error.ts';

/** What stands behind a word: nothing, a value, or one each time that it is given. */
export type WordKind = 'bare' | 'value' | 'values';

export interface OwnWords<Flag extends string> {
  /** The last value of a word; undefined when it is not there. A bare one has an empty text. */
  last(flag: Flag): string | undefined;
  all(flag: Flag): readonly string[];
  /** The server's words, as they were. */
  readonly rest: readonly string[];
}

/** @throws SettingError that isUsage */
export function takeOwnWords<Flag extends string>(
  argv: readonly string[],
  words: Readonly<Record<Flag, WordKind>>,
): OwnWords<Flag> {
  const flags = Object.keys(words) as Flag[];
  const given: { readonly flag: Flag; readonly value: string }[] = [];
  const rest: string[] = [];
  for (let at = 0; at < argv.length; at++) {
    const word = argv[at] ?? '';
    if (word === '--') {
      rest.push(...argv.slice(at));
      break;
    }
    const flag = flags.find((name) => word === name || word.startsWith(`${name}=`));
    if (flag === undefined) rest.push(word);
    else if (words[flag] === 'bare') given.push({ flag, value: bare(flag, word) });
    else {
      const value = word === flag ? argv[++at] : word.slice(flag.length + 1);
      if (value === undefined) throw wrongWord(flag, '', 'followed by its value');
      given.push({ flag, value });
    }
  }
  const all = (flag: Flag): string[] =>
    given.flatMap((one) => (one.flag === flag ? [one.value] : []));
  return { last: (flag) => all(flag).at(-1), all, rest };
}

function bare(flag: string, word: string): string {
  if (word !== flag) throw wrongWord(flag, word.slice(flag.length + 1), 'alone, without a value');
  return '';
}

/** The sentence of each word that makes no sense: "--path must be RULE: "x" is not." */
export function wrongWord(
  flag: string,
  value: string,
  rule: string,
  suggestion = '',
): SettingError {
  return new SettingError({
    code: 'usage',
    setting: flag,
    value,
    source: { kind: 'arguments', from: 'command line', flag },
    rule,
    problem: `${flag} must be ${rule}${value === '' ? '' : `: ${JSON.stringify(value)} is not`}.`,
    suggestion,
  });
}
