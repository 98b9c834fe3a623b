// TUNICORN_CMD_ARGS is one line that a shell never saw: this splits it into words as a POSIX shell would (and Python's
// shlex.split, which Gunicorn uses), without expanding anything.

import { SettingError } from './setting-error.ts';

/** Blanks, a backslash with what it quotes, a single-quoted or a double-quoted piece, or plain characters. */
const PIECE = /(\s+)|\\([\s\S])|'([^']*)'|"((?:[^"\\]|\\[\s\S])*)"|([^\s\\'"]+)/y;

/** @throws SettingError when a quote is not closed or a backslash ends the line */
export function shellSplit(line: string, variable: string): readonly string[] {
  const words: string[] = [];
  let word: string | null = null;
  PIECE.lastIndex = 0;
  while (PIECE.lastIndex < line.length) {
    const from = PIECE.lastIndex;
    const piece = PIECE.exec(line);
    if (piece === null) throw unfinished(line.slice(from), variable);
    const [, blanks, escaped, single, double, plain] = piece;
    if (blanks !== undefined) {
      if (word !== null) words.push(word);
      word = null;
      continue;
    }
    // Inside double quotes a backslash quotes only what would be special there.
    const inside = double?.replace(/\\(["\\$`])/g, '$1').replace(/\\\n/g, '');
    word = (word ?? '') + (escaped ?? single ?? inside ?? plain ?? '');
  }
  if (word !== null) words.push(word);
  return words;
}

function unfinished(rest: string, variable: string): SettingError {
  const what = rest.startsWith('\\')
    ? 'ends in a backslash'
    : `has a quote that is not closed: ${rest}`;
  return new SettingError({
    code: 'usage',
    setting: variable,
    value: rest,
    source: { kind: 'arguments', from: 'TUNICORN_CMD_ARGS', flag: '' },
    rule: '',
    problem: `${variable} ${what}.`,
    suggestion: '',
  });
}
