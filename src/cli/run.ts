// What the command does with its words: help, version, the printed settings, the check, or serving. Failures become one
// line and an exit code here. Everything it touches is given to it, so that the tests can run it without a process.

import { CTL_HELP, type CtlOptions, takeCommand } from '../ctl/options.ts';
import { DRILL_HELP, type DrillOptions, takeOptions } from '../drill/options.ts';
import { EXPLAIN_HELP, type ExplainOptions, takeQuestion } from '../explain/options.ts';
import { AccessFormatError, compileAccessFormat, unknownAtoms } from '../observe/access-format.ts';
import { packageVersion } from '../package-folder.ts';
import { decideApp } from '../settings/app-spec.ts';
import { helpText } from '../settings/describe/help.ts';
import { printedConfig } from '../settings/describe/print-config.ts';
import { checkFiles } from '../settings/files-to-write.ts';
import {
  checkForApp,
  type Resolved,
  resolveSettings,
  type Sources,
  type Start,
} from '../settings/resolve.ts';
import { SettingError } from '../settings/setting-error.ts';
import type { Settings } from '../settings/settings.ts';
import { placeOf } from '../settings/source.ts';
import { accessSyslogTarget } from '../settings/syslog.ts';
import { TOP_HELP, type TopOptions, takeTopWords } from '../top/options.ts';

/** Exit codes of what fails before there is an arbiter; the same as Gunicorn's, but for a wrong flag beside --check-config. */
export const USAGE_EXIT = 2;
export const CONFIG_EXIT = 1;

export interface World extends Start {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  /** Serves until it is stopped; the exit code. `reread`: the settings anew from all sources, for a reload. */
  readonly serve: (
    resolved: Resolved,
    reread: (stopped: AbortSignal) => Promise<Resolved>,
  ) => Promise<number>;
  /** Loads the application once; the exit code. */
  readonly checkApplication: (settings: Settings, sources: Sources) => Promise<number>;
  /** Plays the freeze table with the application; the exit code. */
  readonly drill: (resolved: Resolved, options: DrillOptions) => Promise<number>;
  /** Asks a server that runs; the exit code. */
  readonly ctl: (resolved: Resolved, options: CtlOptions) => Promise<number>;
  /** Shows a server that runs, again and again; the exit code. */
  readonly top: (resolved: Resolved, options: TopOptions) => Promise<number>;
  /** What would hold for a request, as text. */
  readonly explain: (resolved: Resolved, options: ExplainOptions) => Promise<string>;
}

/** @returns the exit code */
export async function run(world: World): Promise<number> {
  try {
    return await perform(world);
  } catch (error) {
    if (!(error instanceof SettingError)) throw error;
    world.err(failureText(error));
    // A check that fails has one exit code, wherever the fault stands.
    const isCheck = world.argv.includes('--check-config');
    return error.isUsage && !isCheck ? USAGE_EXIT : CONFIG_EXIT;
  }
}

/** What a command takes out of its words, and what it does with the rest once it is resolved. */
interface Command {
  readonly help: string;
  readonly rest: readonly string[];
  perform(resolved: Resolved): Promise<number>;
}

/** As the first word it is a command; an application of that name is `drill:app`. */
const COMMANDS: { readonly [word: string]: (words: readonly string[], world: World) => Command } = {
  drill: (words, world) => {
    const { own, rest } = takeOptions(words);
    return {
      help: DRILL_HELP,
      rest,
      perform: async (resolved) => (await checked(resolved, world)) ?? world.drill(resolved, own),
    };
  },
  ctl: (words, world) => {
    const { own, rest } = takeCommand(words);
    return {
      help: CTL_HELP,
      rest,
      perform: async (resolved) => (own === null ? 0 : world.ctl(resolved, own)),
    };
  },
  top: (words, world) => {
    const { own, rest } = takeTopWords(words);
    return { help: TOP_HELP, rest, perform: (resolved) => world.top(resolved, own) };
  },
  explain: (words, world) => {
    const { own, rest } = takeQuestion(words);
    return {
      help: EXPLAIN_HELP,
      rest,
      perform: async (resolved) => {
        world.out(await world.explain(resolved, own));
        return 0;
      },
    };
  },
};

function serving(words: readonly string[], world: World): Command {
  return {
    help: helpText(),
    rest: words,
    perform: async (resolved) =>
      (await checked(resolved, world)) ??
      world.serve(resolved, (stopped) => reread({ ...world, signal: stopped })),
  };
}

async function perform(world: World): Promise<number> {
  const [first = '', ...others] = world.argv;
  const own = Object.hasOwn(COMMANDS, first) ? COMMANDS[first] : undefined;
  const command = own?.(others, world) ?? serving(world.argv, world);
  const resolved = await resolveSettings({ ...world, argv: command.rest });
  if (resolved.show === 'help') {
    world.out(`${command.help}\n`);
    return 0;
  }
  if (resolved.show === 'version') {
    world.out(`tunicorn (version ${packageVersion()})\n`);
    return 0;
  }
  for (const warning of resolved.warnings) world.err(`Warning: ${warning}\n`);
  if (resolved.settings.print_config) {
    world.out(printedConfig(resolved));
    if (!resolved.settings.check_config) return 0;
  }
  return command.perform(resolved);
}

/** Whether it can be served, before anything starts; the exit code where that was all that was asked for. */
async function checked(resolved: Resolved, world: World): Promise<number | null> {
  for (const warning of checkWhole(resolved, world)) world.err(`Warning: ${warning}\n`);
  return resolved.settings.check_config
    ? world.checkApplication(resolved.settings, resolved.sources)
    : null;
}

/** As at the start: the same words, the same environment, the file as it is now. Rejects with an Error whose message is all. */
async function reread(world: World): Promise<Resolved> {
  try {
    const resolved = await resolveSettings(world);
    const warnings = checkWhole(resolved, world);
    return { ...resolved, warnings: [...resolved.warnings, ...warnings] };
  } catch (error) {
    if (!(error instanceof SettingError)) throw error;
    throw new Error(error.detail === '' ? error.message : `${error.message}\n${error.detail}`);
  }
}

/**
 * Asked before anything starts: a missing or misspelt APP is one line then. What can be served is a sentence in the answer.
 * @throws SettingError
 */
function checkWhole(resolved: Resolved, { env }: World): readonly string[] {
  checkForApp(resolved, decideApp(resolved.settings).type);
  checkFiles(resolved, env['LISTEN_FDS'] === undefined);
  return checkAccessFormat(resolved);
}

/**
 * The language of the access log is the log's knowledge: it is tried here, before anything starts.
 * A mistake where there is no access log yet harms nobody, and would on the day that there is one.
 */
function checkAccessFormat({ settings, sources }: Resolved): readonly string[] {
  const { access_log_format: format } = settings;
  const place = placeOf(sources.access_log_format);
  try {
    compileAccessFormat(format);
  } catch (error) {
    if (!(error instanceof AccessFormatError)) throw error;
    const problem = `${error.message}, ${place}.`;
    const isUsed = settings.accesslog !== null || accessSyslogTarget(settings) !== null;
    if (!isUsed) return [problem];
    throw new SettingError({
      code: 'bad-value',
      setting: 'access_log_format',
      value: format,
      source: sources.access_log_format,
      rule: '',
      problem,
      suggestion: '',
    });
  }
  return unknownAtoms(format).map(
    (atom) => `access_log_format ${place}: nobody knows ${atom}, which is "-" in every line.`,
  );
}

/** Shapes of Gunicorn (argparse for flags, `Error: ` for the rest); the stack of a config file below. */
function failureText(error: SettingError): string {
  const line = `${error.isUsage ? 'tunicorn: error: ' : 'Error: '}${error.message}\n`;
  return error.detail === '' ? line : `${line}${error.detail}\n`;
}
