// The words of `tunicorn ctl` that are its own: a command, what stands behind it, and in which form the answer is wanted. The
// rest says which server is meant, by the settings that it was started with.

import { parseArguments } from '../settings/command-line.ts';
import { takeOwnWords, type WordKind, wrongWord } from '../settings/own-words.ts';
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
file of -c FILE; without them the only one that runs.

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
  const [name = '', ...others] = words;
  if (['', '-h', '--help'].includes(name)) return { own: null, rest: [] };
  if (name.startsWith('-')) {
    throw wrongWord(
      'ctl',
      name,
      'followed by a command, and that by options, as in ctl status --pid FILE',
    );
  }
  const command = CTL_COMMANDS.find((one) => one.name === name);
  if (command === undefined) {
    throw wrongWord('ctl', name, `one of ${CTL_COMMANDS.map((one) => one.name).join(', ')}`);
  }
  const flags = new Map<CtlFlag, string>();
  for (const flag of CTL_FLAGS) {
    const value = last(flag);
    if (value === undefined || flag === '--json') continue;
    if (!command.flags.includes(flag)) throw wrongWord(flag, '', `left out with ctl ${name}`);
    flags.set(flag, value);
  }
  const given = others.slice(0, command.arguments.length).filter((word) => !word.startsWith('-'));
  const missing = command.arguments[given.length];
  if (missing !== undefined) {
    throw wrongWord(`ctl ${name}`, '', `given as: ${usage(command)}; ${missing} is missing`);
  }
  const request = command.request(given, flags);
  if (request === null)
    throw wrongWord(`ctl ${name}`, given.join(' '), `given as: ${usage(command)}`);
  const own = { command, request, json: last('--json') !== undefined };
  const rest = others.slice(given.length);
  assertNoMore(command, rest);
  return { own, rest };
}

/** What says which server is flags with their values; what is none would be taken for an application. */
function assertNoMore(command: CtlCommand, rest: readonly string[]): void {
  const extra = parseArguments(rest, 'command line').given.find(({ name }) => name === 'app');
  if (extra === undefined) return;
  const rule = `given as: ${usage(command)}, without more words`;
  throw wrongWord(`ctl ${command.name}`, String(extra.value), rule);
}

function usage({ name, arguments: more }: CtlCommand): string {
  return [name, ...more].join(' ');
}
