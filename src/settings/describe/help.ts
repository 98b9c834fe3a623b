// The text of --help: sections and settings in the order of the catalogue, in 80 columns.

import { SECTIONS, settingNamed } from '../catalogue.ts';
import { placeholderOf } from '../command-line.ts';
import type { Setting } from '../declaration.ts';
import { defaultInWords } from './words.ts';

const COLUMNS = 80;
/** Where meanings begin; flags that reach further stand on a line of their own. */
const MEANING_COLUMN = 26;

export function helpText(): string {
  const sections = SECTIONS.map(({ title, settings }) => {
    const entries = Object.entries(settings).filter(([, { flags }]) => flags.length > 0);
    return `${title}\n${entries.map(([name, setting]) => entryOf(name, setting)).join('')}`;
  });
  return [
    'usage: tunicorn [OPTIONS] APP\n',
    APPLICATIONS,
    ...sections,
    `Other\n${entry('-h, --help', 'Show this text and exit.')}${entry('-v, --version', 'Show the version and exit.')}`,
    ENDING,
  ].join('\n');
}

const APPLICATIONS = [
  'Serves APP over HTTP/1.1:\n',
  entry('package.module:callable', 'a Python WSGI application'),
  entry('./file.ts, ./directory', 'a Node.js application, `:name` for a named export'),
].join('');

const ENDING = wrap(
  'Any option may also stand in TUNICORN_CMD_ARGS or, by its name with underscores, in ' +
    'tunicorn.config.ts, .js or .json, or gunicorn.conf.py; the command line is stronger than both. Every setting is explained in ' +
    'docs/settings.md.',
  COLUMNS,
).join('\n');

function entryOf(name: string, setting: Setting): string {
  const known = settingNamed(name);
  const placeholder = known === null || setting.kind === 'switch' ? '' : ` ${placeholderOf(known)}`;
  const fallback = defaultInWords(setting);
  // A default that is longer than a line explains nothing here; the page has it.
  const shown = fallback === '' || fallback.length > 40 ? '' : ` [${fallback}]`;
  return entry(setting.flags.join(', ') + placeholder, setting.meaning + shown);
}

function entry(flags: string, meaning: string): string {
  const lines = wrap(meaning, COLUMNS - MEANING_COLUMN);
  const head = `  ${flags}`;
  const fits = head.length + 2 <= MEANING_COLUMN;
  const first = fits ? head.padEnd(MEANING_COLUMN) + (lines.shift() ?? '') : head;
  return `${[first, ...lines.map((line) => ' '.repeat(MEANING_COLUMN) + line)].join('\n')}\n`;
}

/** Breaks at blanks. */
function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  return [...lines, line];
}
