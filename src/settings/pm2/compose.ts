// Settings out of the values of one app of PM2's file. Most keys become one setting each; the environment, the log and the
// bound of memory are put together from several.

import type { SettingName } from '../catalogue.ts';
import type { Given } from '../check.ts';
import { shellSplit } from '../shell-split.ts';
import type { Pm2App } from './app.ts';
import type { Pm2KeyName } from './keys.ts';

/** What PM2 calls the variable that counts the copies. */
const INSTANCE_VARIABLE = 'NODE_APP_INSTANCE';
/** boot_timeout by default, in ms: a shorter listen_timeout of PM2 means nothing here. */
const BOOT_TIMEOUT_MS = 60_000;
/** Where Node.js opens its inspector unless told otherwise. */
const INSPECTOR = '127.0.0.1:9229';
/** What starts other programs. They would run beside the server, not in it. */
const STARTERS = /^(npm|npx|pnpm|yarn|bun|bunx|deno|bash|sh|python3?)$/;

export interface Composed {
  readonly given: readonly Given[];
  /** Sentences for people. */
  readonly remarks: readonly string[];
}

/** Values that become a setting by themselves: the name, and what of the value. */
const ALONE: {
  readonly [K in Pm2KeyName]?: readonly [SettingName, (value: unknown) => unknown];
} = {
  args: ['app_args', same],
  cwd: ['chdir', same],
  name: ['proc_name', same],
  kill_timeout: ['graceful_timeout', inSeconds],
  wait_ready: ['wait_ready', same],
  pid_file: ['pidfile', same],
  uid: ['user', same],
  gid: ['group', same],
};

/** @throws SettingError */
export function composed(app: Pm2App): Composed {
  const given: Given[] = [];
  const remarks: string[] = [];
  const give = (name: SettingName, value: unknown, key: Pm2KeyName): void => {
    given.push({ name, value, source: app.sourceOf(key) });
  };
  for (const [key, value] of app.values) {
    const row = ALONE[key];
    if (row !== undefined) give(row[0], row[1](value), key);
  }
  program(app, give);
  give('instance_var', app.values.get('instance_var') ?? INSTANCE_VARIABLE, 'instance_var');
  copies(app, give);
  environment(app, give, remarks);
  logs(app, give, remarks);
  watching(app, give);
  const listenMs = app.values.get('listen_timeout');
  if (typeof listenMs === 'number' && listenMs > BOOT_TIMEOUT_MS) {
    give('boot_timeout', listenMs / 1000, 'listen_timeout');
  }
  if (app.values.get('log_type') === 'json') give('log_json', true, 'log_type');
  return { given, remarks };
}

type Give = (name: SettingName, value: unknown, key: Pm2KeyName) => void;

function same(value: unknown): unknown {
  return value;
}

function inSeconds(value: unknown): unknown {
  return Number(value) / 1000;
}

function program(app: Pm2App, give: Give): void {
  const script = app.values.get('script');
  if (typeof script !== 'string') return;
  const base = script.replace(/^.*[/\\]/, '');
  if (/\s/.test(script) || STARTERS.test(base) || /\.(sh|py)$/.test(base)) {
    const named = `script ${JSON.stringify(script)} starts a program instead of being one.`;
    throw app.refused('script', named, 'Name the file that Node.js is to run.');
  }
  give('app', script, 'script');
  give('app_type', 'node', 'script');
}

/** As many copies of the program as there were, in two processes so that one may go. */
function copies(app: Pm2App, give: Give): void {
  const count = app.values.get('instances');
  const copies = typeof count === 'number' ? count : 1;
  const workers = copies % 2 === 0 ? 2 : 1;
  const threads = copies / workers;
  if (typeof count === 'number') {
    give('workers', workers, 'instances');
    give('threads', threads, 'instances');
  }
  const bytes = app.values.get('max_memory_restart');
  if (typeof bytes === 'number') give('max_worker_memory', bytes * threads, 'max_memory_restart');
}

function environment(app: Pm2App, give: Give, remarks: string[]): void {
  const port = app.values.get('port');
  const variables: { [name: string]: string } = {
    ...(app.values.get('env') as object | undefined),
    ...(app.values.get('env_*') as object | undefined),
    ...(port === undefined ? {} : { PORT: String(port) }),
  };
  const flags = nodeFlags(app, give, remarks);
  if (flags.length > 0) {
    const before = variables['NODE_OPTIONS'] ?? process.env['NODE_OPTIONS'] ?? '';
    variables['NODE_OPTIONS'] = [before, ...flags].filter((flag) => flag !== '').join(' ');
  }
  const pairs = Object.entries(variables).map(([name, value]) => `${name}=${value}`);
  if (pairs.length === 0) return;
  const key = (['env', 'env_*', 'node_args', 'port', 'source_map_support'] as const).find((one) =>
    app.values.has(one),
  );
  if (key !== undefined) give('raw_env', pairs, key);
}

/** What Node.js is started with, as far as NODE_OPTIONS can say it. */
function nodeFlags(app: Pm2App, give: Give, remarks: string[]): readonly string[] {
  const said = app.values.get('source_map_support') === true ? ['--enable-source-maps'] : [];
  const words = app.values.get('node_args');
  if (!Array.isArray(words)) return said;
  // PM2 takes lists whose items hold several.
  const flags = (words as readonly string[]).flatMap((word) => shellSplit(word, 'node_args'));
  let isSaid = false;
  for (const flag of flags) {
    const [name = '', value = INSPECTOR] = flag.split('=');
    // What does not begin with a dash is the value of the flag before.
    if (name.startsWith('-')) isSaid = canBeSaid(name);
    if (isSaid) said.push(/[\s"\\]/.test(flag) ? JSON.stringify(flag) : flag);
    else if (name === '--inspect') give('inspect', value, 'node_args');
    else remarks.push(`node_args: ${flag} has no effect: NODE_OPTIONS cannot say it to a thread.`);
  }
  return said;
}

/** An inspector for each thread would be one port for all of them. */
function canBeSaid(name: string): boolean {
  return !name.startsWith('--inspect') && process.allowedNodeEnvironmentFlags.has(name);
}

/** There is one log: the first of these that is given. */
function logs(app: Pm2App, give: Give, remarks: string[]): void {
  const keys = (['error_file', 'log_file', 'out_file'] as const).filter(
    (key) => typeof app.values.get(key) === 'string',
  );
  const [first, ...others] = keys;
  if (first === undefined) return;
  const file = app.values.get(first);
  if (file === '/dev/null' || file === 'NULL') return;
  give('errorlog', file, first);
  give('capture_output', true, first);
  const unused = others.filter((key) => app.values.get(key) !== file);
  if (unused.length === 0) return;
  const which = unused.join(' and ');
  remarks.push(
    `${which} ${unused.length === 1 ? 'is' : 'are'} not written: both outputs of the program go to ${first}, ${file}.`,
  );
}

function watching(app: Pm2App, give: Give): void {
  const watch = app.values.get('watch');
  if (watch === undefined || watch === false) return;
  give('reload', true, 'watch');
  if (Array.isArray(watch)) give('reload_extra_files', watch, 'watch');
}
