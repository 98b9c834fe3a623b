// Settings from all their sources, weak to strong: defaults, environment, config file, GUNICORN_CMD_ARGS,
// TUNICORN_CMD_ARGS, command line.
// A stronger source replaces a weaker one, lists included; where each value came from is remembered.

import { resolve } from 'node:path';
import { looksLikeNodeApp } from './app-spec.ts';
import { isSameAddress, parseBind } from './bind.ts';
import { CATALOGUE, SETTING_NAMES, type SettingName } from './catalogue.ts';
import { badValue, check, type Given, type Value } from './check.ts';
import { parseArguments } from './command-line.ts';
import { findConfigFile, readConfigFile } from './config-file.ts';
import type { HookFile } from './hooks.ts';
import { isLoopback, parsePortAddress } from './inspect.ts';
import type { Settings } from './settings.ts';
import { shellSplit } from './shell-split.ts';
import { DEFAULT, type Source } from './source.ts';

/** The variables that hold flags, weak to strong. Gunicorn's is read for those who only change the word. */
const ARGUMENTS_VARIABLES = ['GUNICORN_CMD_ARGS', 'TUNICORN_CMD_ARGS'] as const;

export interface Start {
  /** Without the executable and the script: `process.argv.slice(2)`. */
  readonly argv: readonly string[];
  readonly env: { readonly [name: string]: string | undefined };
  /** The start directory, absolute. */
  readonly cwd: string;
  /** Aborted: nobody wants the settings any more, and a config file that is being evaluated is given up. */
  readonly signal?: AbortSignal | undefined;
}

export type Sources = { readonly [N in SettingName]: Source };

export interface Resolved {
  readonly settings: Settings;
  readonly sources: Sources;
  /** The server hooks that the config file defines; null: none. */
  readonly hooks: HookFile | null;
  /** Sentences for people about what was found and not used. */
  readonly warnings: readonly string[];
  /** What the command line asked for instead of serving; `settings` are the defaults then, for nobody to use. */
  readonly show: 'help' | 'version' | null;
}

type Layer = ReadonlyMap<SettingName, Given>;

/**
 * Reads every source. Reads files and asks for directories, and starts nothing; call it again for a reload.
 * @throws SettingError
 */
export async function resolveSettings(start: Start): Promise<Resolved> {
  const commandLine = parseArguments(start.argv, 'command line');
  const show = commandLine.show;
  if (show !== null) return { ...settle([defaults()], start.cwd), hooks: null, warnings: [], show };
  const variables = ARGUMENTS_VARIABLES.map((name) =>
    parseArguments(shellSplit(start.env[name] ?? '', name), name),
  );
  const flags = [...variables, commandLine].map(({ given }) => layer(given));
  const weak = [defaults(), layer(fromEnvironment(start.env))];
  const { given, hooks, warnings } = await configFile([...weak, ...flags], start);
  checkReplacedApp(given, start.cwd);
  return {
    ...settle([...weak, layer(given), ...flags], start.cwd),
    hooks,
    warnings: [...[...variables, commandLine].flatMap((one) => one.warnings), ...warnings],
    show: variables.find((variable) => variable.show !== null)?.show ?? null,
  };
}

/**
 * Rules that depend on the kind of application, which is known only once APP is.
 * @throws SettingError
 */
export function checkForApp({ settings, sources }: Resolved, type: 'wsgi' | 'node'): void {
  if (type === 'node') return;
  const refuse = (name: 'threads' | 'request_buffering', rule: string): never => {
    const value = settings[name];
    throw badValue(CATALOGUE[name], { name, value, source: sources[name] }, { rule, value });
  };
  if (settings.threads === 0) {
    refuse(
      'threads',
      '1 or more for a WSGI application; only a Node.js one can run on the loop of its worker',
    );
  }
  if (settings.request_buffering === 'off') {
    refuse('request_buffering', 'auto or on for a WSGI application, whose threads wait for nobody');
  }
}

/** APP mostly stands on the command line: a mistake in the file would come out on the day that it does not. */
function checkReplacedApp(given: readonly Given[], cwd: string): void {
  const app = given.find(({ name }) => name === 'app');
  if (app !== undefined) check(CATALOGUE.app, app, cwd);
}

function defaults(): Layer {
  return layer(
    SETTING_NAMES.map((name) => ({ name, value: CATALOGUE[name].default, source: DEFAULT })),
  );
}

function layer(given: readonly Given[]): Layer {
  return new Map(given.map((one) => [one.name, one]));
}

/** Variables that stand for a setting; the first that is set counts. */
function fromEnvironment(env: Start['env']): readonly Given[] {
  const given: Given[] = [];
  for (const name of SETTING_NAMES) {
    for (const { name: variable, as, emptyCounts } of CATALOGUE[name].environment ?? []) {
      const text = env[variable];
      if (text === undefined || (text === '' && !emptyCounts)) continue;
      const value = as === undefined ? text : as.replace(`$${variable}`, () => text);
      given.push({ name, value, source: { kind: 'environment', variable } });
      break;
    }
  }
  return given;
}

/** The file that flags ask for, else the one that is there, else nothing. `known`: what is known before it is read. */
async function configFile(
  known: readonly Layer[],
  { cwd, env, signal }: Start,
): Promise<Pick<Resolved, 'hooks' | 'warnings'> & { given: readonly Given[] }> {
  const written = textOf(known, 'config');
  const name = written ?? findConfigFile(cwd, !willBeNode(known, cwd));
  if (name === null) return { given: [], hooks: null, warnings: [] };
  // What the file itself says of `python` is for the application: something has to read it first.
  const python = textOf(known, 'python') ?? 'python3';
  const reader = {
    directory: cwd,
    env,
    python,
    pm2: { app: textOf(known, 'ecosystem_app'), env: textOf(known, 'ecosystem_env') },
    signal,
  };
  const source = written === null ? null : (strongest(known, 'config')?.source ?? null);
  const { given, hooks, warnings } = await readConfigFile(name, reader, source);
  const found: Given = { name: 'config', value: name, source: source ?? DEFAULT };
  return { given: [found, ...given], hooks, warnings };
}

/** A gunicorn.conf.py that lies beside a Node.js application is another server's. */
function willBeNode(known: readonly Layer[], cwd: string): boolean {
  return isNode({
    app: textOf(known, 'app'),
    app_type: textOf(known, 'app_type'),
    chdir: resolve(cwd, textOf(known, 'chdir') ?? '.'),
  });
}

function strongest(layers: readonly Layer[], name: SettingName): Given | undefined {
  return layers.findLast((one) => one.has(name))?.get(name);
}

/** As it is given, not checked yet; null when it is no text. */
function textOf(layers: readonly Layer[], name: SettingName): string | null {
  const value = strongest(layers, name)?.value;
  return typeof value === 'string' ? value : null;
}

/** Settings whose relative paths start where the command was typed; all others start at `chdir`, as in Gunicorn. */
const FROM_START: ReadonlySet<SettingName> = new Set<SettingName>(['config', 'chdir']);

/** Takes the strongest value of each setting and checks it. What was replaced is not looked at. */
function settle(layers: readonly Layer[], cwd: string): Pick<Resolved, 'settings' | 'sources'> {
  const chosen = SETTING_NAMES.map((name) => {
    const given = strongest(layers, name);
    if (given === undefined) throw new Error(`${name} has no default`);
    return given;
  });
  const given = Object.fromEntries(chosen.map((one) => [one.name, one])) as Record<
    SettingName,
    Given
  >;
  const chdir = check(CATALOGUE.chdir, given.chdir, cwd);
  const base = typeof chdir === 'string' ? chdir : cwd;
  const values = Object.fromEntries(
    chosen.map((one): [SettingName, Value] => [
      one.name,
      check(CATALOGUE[one.name], one, FROM_START.has(one.name) ? cwd : base),
    ]),
  );
  // Each value was checked against the declaration that its type is inferred from; TypeScript cannot follow the loop.
  const settings = derive(values as unknown as Settings, cwd, given.bind.source === DEFAULT);
  checkTogether(settings, given);
  const sources = Object.fromEntries(chosen.map((one) => [one.name, one.source])) as Sources;
  return { settings: Object.freeze(settings), sources };
}

/** Values that follow from others. */
function derive(settings: Settings, cwd: string, listensAnywhere: boolean): Settings {
  return {
    ...settings,
    // As Gunicorn: who asks for more threads than one has meant the class that has them.
    worker_class: settings.threads > 1 ? 'gthread' : settings.worker_class,
    // A program names its address itself, which is what counts if nobody else names one.
    bind: listensAnywhere && isNode(settings) ? [] : settings.bind,
    config:
      settings.config === null || settings.config.startsWith('python:')
        ? settings.config
        : resolve(cwd, settings.config.replace(/^file:(\/\/)?/, '')),
    // A name is looked up on PATH by whoever starts it; a path must not depend on where that is.
    python: /[/\\]/.test(settings.python) ? resolve(cwd, settings.python) : settings.python,
    queue_limit: settings.queue_limit === 0 ? settings.worker_connections : settings.queue_limit,
  };
}

interface Named {
  readonly app: string | null;
  readonly app_type: string | null;
  /** Absolute. */
  readonly chdir: string;
}

/** By its form, unless it is said. */
function isNode({ app, app_type, chdir }: Named): boolean {
  if (app === null || app_type === 'wsgi') return false;
  return app_type === 'node' || looksLikeNodeApp(app, chdir);
}

/** Rules over more than one setting. */
function checkTogether(settings: Settings, given: Record<SettingName, Given>): void {
  if (settings.health_path === settings.ready_path) {
    throw badValue(CATALOGUE.ready_path, given.ready_path, {
      rule: 'another path than health_path',
      value: settings.ready_path,
    });
  }
  checkClientCertificates(settings, given);
  checkAuthorities(settings, given);
  checkStatus(settings, given);
  checkStatusApart(settings, given);
}

/** The kernel would refuse the second of them, whichever that is, and name this very server as who is in the way. */
function checkStatusApart(
  { status_bind, bind }: Settings,
  given: Record<SettingName, Given>,
): void {
  const address = status_bind === null ? null : parsePortAddress(status_bind);
  if (address === null) return;
  const same = bind.find((one) => isSameAddress(parseBind(one), { kind: 'tcp', ...address }));
  if (same === undefined) return;
  throw badValue(CATALOGUE.status_bind, given.status_bind, {
    rule: `another address than bind (${same})`,
    value: status_bind,
    message: 'status_bind and bind are the same address',
    suggestion: 'Give one of them another port.',
  });
}

/** Others than this machine must show that they may ask. */
function checkStatus(
  { status_bind, status_token }: Settings,
  given: Record<SettingName, Given>,
): void {
  const address = status_bind === null ? null : parsePortAddress(status_bind);
  if (address === null || isLoopback(address) || status_token !== null) return;
  throw badValue(CATALOGUE.status_bind, given.status_bind, {
    rule: 'an address of this machine, or status_token must be set',
    value: status_bind,
    suggestion: 'Set status_token, or bind to 127.0.0.1.',
  });
}

/** Whoever asks for certificates must not be served without them. */
function checkClientCertificates(
  { cert_reqs, certfile, ca_certs }: Settings,
  given: Record<SettingName, Given>,
): void {
  if (cert_reqs === 'none' || (certfile !== null && ca_certs !== null)) return;
  const rule =
    certfile === null
      ? 'none without certfile, because only with TLS a client can show a certificate'
      : 'none without ca_certs, which says whose certificates are good';
  const suggestion = certfile === null ? 'Give --certfile.' : 'Give --ca-certs.';
  const value = given.cert_reqs.value;
  throw badValue(CATALOGUE.cert_reqs, given.cert_reqs, { rule, value, suggestion });
}

/** Whoever names authorities of clients believes that these are asked for. */
function checkAuthorities(
  { certfile, ca_certs }: Settings,
  given: Record<SettingName, Given>,
): void {
  if (ca_certs === null || certfile !== null) return;
  throw badValue(CATALOGUE.ca_certs, given.ca_certs, {
    rule: 'left out without certfile, because only with TLS a client can show a certificate',
    value: given.ca_certs.value,
    suggestion: 'Give --certfile.',
  });
}
