// The words of `tunicorn ctl` that are its own: a command, what stands behind it, and in which form the answer is wanted. The
// rest says which server is meant, by the settings that it was started with.

import { parseArguments, takePositionals } from '../settings/command-line.ts';
import { nearest } from '../settings/nearest.ts';
import { takeOwnWords, type WordKind, wrongWord } from '../settings/own-words.ts';
import { SettingError } from '../settings/setting-error.ts';
import type { CtlRequest } from './client.ts';
import { CTL_COMMANDS, type CtlCommand, type CtlFlag } from './commands.ts';

export interface CtlOptions {
  readonly command: CtlCommand;
  readonly request: CtlRequest;
  readonly json: boolean;
}

const WORDS: Readonly<Record<CtlFlag | '--json', WordKind>> = {
  '--json': 'bare',
  '--stack': 'bare',
  '--now': 'bare',
  '--state': 'value',
  '--client': 'value',
  '--path': 'value',
  '--limit': 'value',
};
export const CTL_FLAGS = Object.keys(WORDS) as readonly (keyof typeof WORDS)[];

const WIDTH = Math.max(...CTL_COMMANDS.map((command) => usage(command).length));

export const CTL_HELP = `usage: tunicorn ctl COMMAND [OPTIONS]

Asks a server that runs, through its control socket, what it is doing, or has it
do something. It answers also while every thread is stuck.

${CTL_COMMANDS.map((command) => `  ${usage(command).padEnd(WIDTH)}  ${command.meaning}\n`).join('')}
  --json                  The answer for programs, as docs/control.md has it.

Which server: the one of --control-socket PATH, of --pid FILE or of the config
file of -c FILE; without them the only one that runs. Options stand before the
command or behind it.

Exit code: 0; 1 when there is no such server or it refuses, 2 for a wrong
command line.`;

/**
 * Takes the own words out of a command line; `rest` says which server. null: help is wanted.
 * @throws SettingError that isUsage
 */
export function takeCommand(argv: readonly string[]): {
  own: CtlOptions | null;
  rest: readonly string[];
} {
  const { last, rest: words } = takeOwnWords<keyof typeof WORDS>(argv, WORDS);
  const { positionals, rest } = positionalsOf(words);
  const [name, ...others] = positionals;
  if (argv.length === 0 || name === 'help') return { own: null, rest: ['--help'] };
  if (name === undefined) {
    if (parseArguments(rest, 'command line').show !== null) return { own: null, rest };
    throw wrongWord('ctl', '', `given as: tunicorn ctl COMMAND [OPTIONS]; COMMAND is missing`);
  }
  const command = CTL_COMMANDS.find((one) => one.name === name);
  if (command === undefined) {
    const names = CTL_COMMANDS.map((one) => one.name);
    throw wrongWord('ctl', name, `followed by one of ${names.join(', ')}`, meant(name, names));
  }
  const flags = new Map<CtlFlag, string>();
  for (const flag of CTL_FLAGS) {
    const value = last(flag);
    if (value === undefined || flag === '--json') continue;
    if (!command.flags.includes(flag)) throw wrongWord(flag, '', `left out with ctl ${name}`);
    flags.set(flag, value);
  }
  const given = others.slice(0, command.arguments.length);
  const missing = command.arguments[given.length];
  if (missing !== undefined) {
    throw wrongWord(`ctl ${name}`, '', `given as: ${usage(command)}; ${missing} is missing`);
  }
  const extra = others[given.length];
  if (extra !== undefined) {
    const rule = `given as: ${usage(command)}, without more words`;
    throw wrongWord(`ctl ${name}`, extra, rule);
  }
  const request = command.request(given, flags);
  if (request === null)
    throw wrongWord(`ctl ${name}`, given.join(' '), `given as: ${usage(command)}`);
  return { own: { command, request, json: last('--json') !== undefined }, rest };
}

/** Of an option that nobody knows, those of ctl may be meant as well. */
function positionalsOf(words: readonly string[]): ReturnType<typeof takePositionals> {
  try {
    return takePositionals(words);
  } catch (error) {
    if (!(error instanceof SettingError) || error.code !== 'unknown-flag') throw error;
    const suggestion = meant(error.setting, CTL_FLAGS);
    if (suggestion === '') throw error;
    const { code, setting, value, source, rule } = error;
    const problem = `ctl has no option ${setting}.`;
    throw new SettingError({ code, setting, value, source, rule, problem, suggestion });
  }
}

function meant(word: string, known: readonly string[]): string {
  const near = nearest(word, known);
  return near === null ? '' : `Did you mean ${near}?`;
}

function usage({ name, arguments: more }: CtlCommand): string {
  return [name, ...more].join(' ');
}
