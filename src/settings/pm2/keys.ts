// What PM2's file may say of an app, key by key, and what becomes of it here: read as settings, done in another way, of no
// use, or refused. The file is read by this table, and docs/from-pm2.md is made from it; the tests hold it against the keys
// that PM2 itself knows.

import type { SettingName } from '../catalogue.ts';

/** What a value must be; read.ts knows how to tell. */
export type Pm2Form =
  | 'text'
  | 'name'
  | 'texts'
  | 'words'
  | 'milliseconds'
  | 'bytes'
  | 'instances'
  | 'switch'
  | 'port'
  | 'variables'
  | 'watch'
  | 'any';

export interface Pm2Key {
  readonly form: Pm2Form;
  /** PM2's other names; the same in camelCase goes without saying. */
  readonly aliases?: readonly string[];
  /**
   * `read`: it becomes `settings`. `instead`: it is named with the sentence, because somebody may count on it. `moot`: it is named
   * and nobody misses it. `refused`: nothing starts.
   */
  readonly fate: 'read' | 'instead' | 'moot' | 'refused';
  /** What it becomes, for the page and the tests. */
  readonly settings?: readonly SettingName[];
  /** What it says when it asks for nothing: then nobody hears of it. */
  readonly quiet?: readonly unknown[];
  /** What it is here; a sentence. */
  readonly here: string;
}

const CRASHES =
  'A worker or thread that ends is always replaced: at once, then later and later up to every 5 s, and never given up.';
const WATCHED = 'Watched are the files that the application has loaded, but for node_modules.';
const NO_PM2_PLUS = 'It is for PM2 Plus.';

export const PM2_KEYS = {
  script: {
    form: 'text',
    aliases: ['exec', 'cmd', 'command'],
    fate: 'read',
    settings: ['app', 'app_type'],
    here: 'The program, as it is. It must be a file for Node.js: what starts another program (npm, a shell) is refused.',
  },
  args: {
    form: 'words',
    fate: 'read',
    settings: ['app_args'],
    here: 'What the program finds in process.argv.',
  },
  cwd: { form: 'text', fate: 'read', settings: ['chdir'], here: 'The folder of the program.' },
  name: {
    form: 'name',
    fate: 'read',
    settings: ['proc_name'],
    here: 'What ps and top show. `--ecosystem-app NAME` chooses among several apps.',
  },
  instances: {
    form: 'instances',
    fate: 'read',
    settings: ['workers', 'threads'],
    here: 'So many copies of the program run: an even number in 2 workers, an odd one in 1, a thread for each. `max` and 0 are as many as there are cores, -1 is one less.',
  },
  exec_mode: {
    form: 'text',
    fate: 'moot',
    quiet: ['cluster', 'cluster_mode', 'fork', 'fork_mode'],
    here: 'There is one mode: copies run in threads, and the server listens for them.',
  },
  env: {
    form: 'variables',
    fate: 'read',
    settings: ['raw_env'],
    here: 'The environment of the program, stronger than that of the shell.',
  },
  'env_*': {
    form: 'variables',
    fate: 'read',
    settings: ['raw_env'],
    here: 'Added to `env` where `--ecosystem-env NAME` or else the variable NODE_ENV says so.',
  },
  port: { form: 'port', fate: 'read', settings: ['raw_env'], here: 'The variable PORT.' },
  node_args: {
    form: 'words',
    aliases: ['interpreterArgs', 'interpreter_args'],
    fate: 'read',
    settings: ['raw_env', 'inspect'],
    here: 'Added to NODE_OPTIONS of the workers, so that each thread has its heap of --max-old-space-size. --inspect is the setting. What NODE_OPTIONS cannot say is named.',
  },
  exec_interpreter: {
    form: 'text',
    aliases: ['interpreter'],
    fate: 'refused',
    // Also by its path, as `which node` says it.
    quiet: [/(^|\/)node(js)?$/],
    here: 'The Node.js that runs the server runs the program. TypeScript needs no other one; Python programs are named as module:callable.',
  },
  max_memory_restart: {
    form: 'bytes',
    fate: 'read',
    settings: ['max_worker_memory'],
    here: 'For each copy: a worker is replaced, the new one first, when it has so much for each of its threads.',
  },
  kill_timeout: {
    form: 'milliseconds',
    fate: 'read',
    settings: ['graceful_timeout'],
    here: 'How long requests may finish; without it 30 s, not 1.6.',
  },
  wait_ready: {
    form: 'switch',
    fate: 'read',
    settings: ['wait_ready'],
    quiet: [false],
    here: "A copy serves when it has said process.send('ready').",
  },
  listen_timeout: {
    form: 'milliseconds',
    fate: 'read',
    settings: ['boot_timeout'],
    here: 'Only where it is longer than 60 s: a copy that is not ready never takes over, and one that is not by then is replaced.',
  },
  watch: {
    form: 'watch',
    fate: 'read',
    settings: ['reload', 'reload_extra_files'],
    quiet: [false],
    here: `Reload when files change, the new copies first. ${WATCHED} Files and folders that are named are watched, too.`,
  },
  ignore_watch: { form: 'any', fate: 'moot', here: WATCHED },
  watch_delay: { form: 'any', fate: 'moot', here: 'Changes that come together are one reload.' },
  watch_options: { form: 'any', fate: 'moot', here: 'See `reload_engine`.' },
  error_file: {
    form: 'text',
    aliases: ['error', 'err', 'err_file', 'err_log'],
    fate: 'read',
    settings: ['errorlog', 'capture_output'],
    here: "The server's log and all that the program prints; SIGUSR1 opens it anew after a rotation.",
  },
  out_file: {
    form: 'text',
    aliases: ['out', 'output', 'out_log'],
    fate: 'read',
    settings: ['errorlog', 'capture_output'],
    here: 'Used where neither `error_file` nor `log_file` is given: there is one file for both outputs.',
  },
  log_file: {
    form: 'text',
    aliases: ['log'],
    fate: 'read',
    settings: ['errorlog', 'capture_output'],
    quiet: [false, true],
    here: 'Used where `error_file` is not given.',
  },
  merge_logs: {
    form: 'any',
    aliases: ['combine_logs'],
    fate: 'moot',
    quiet: [true, false],
    here: 'All copies write one log.',
  },
  log_type: {
    form: 'text',
    fate: 'read',
    settings: ['log_json'],
    here: '`json`: both logs of the server are JSON, and so are lines of the program that are captured.',
  },
  log_date_format: {
    form: 'any',
    fate: 'moot',
    here: "Lines of the server have Gunicorn's date, or in JSON the time in ms.",
  },
  time: { form: 'any', fate: 'moot', quiet: [false], here: 'As `log_date_format`.' },
  disable_logs: {
    form: 'switch',
    fate: 'instead',
    quiet: [false],
    here: 'Without `errorlog` the server logs to its standard error, and no file is written.',
  },
  pid_file: {
    form: 'text',
    aliases: ['pid'],
    fate: 'read',
    settings: ['pidfile'],
    here: 'One file, with the pid of the arbiter, which signals are for.',
  },
  uid: {
    form: 'name',
    aliases: ['user'],
    fate: 'read',
    settings: ['user'],
    here: 'Whose rights the workers have.',
  },
  gid: { form: 'name', fate: 'read', settings: ['group'], here: 'The same for the group.' },
  instance_var: {
    form: 'text',
    fate: 'read',
    settings: ['instance_var'],
    here: 'Which variable says which copy it is, 0, 1, 2 ... over all threads of all workers; NODE_APP_INSTANCE, unless it is named otherwise.',
  },
  increment_var: {
    form: 'any',
    fate: 'instead',
    here: 'Only one variable counts the copies (`instance_var`): a program may add to it.',
  },
  source_map_support: {
    form: 'switch',
    fate: 'read',
    settings: ['raw_env'],
    quiet: [false],
    here: '`true` adds --enable-source-maps to NODE_OPTIONS.',
  },
  disable_source_map_support: {
    form: 'switch',
    fate: 'moot',
    quiet: [false, true],
    here: 'So it is.',
  },
  cron_restart: {
    form: 'any',
    aliases: ['cron'],
    fate: 'instead',
    quiet: [0, '0'],
    here: 'Have cron or a timer of systemd send SIGHUP (`systemctl reload`): no request is lost.',
  },
  autorestart: { form: 'switch', fate: 'instead', quiet: [true], here: CRASHES },
  max_restarts: { form: 'any', fate: 'moot', here: CRASHES },
  min_uptime: { form: 'any', fate: 'moot', here: 'A life of 10 s begins anew.' },
  restart_delay: { form: 'any', fate: 'moot', quiet: [0], here: CRASHES },
  exp_backoff_restart_delay: { form: 'any', fate: 'moot', here: CRASHES },
  stop_exit_codes: { form: 'any', fate: 'instead', here: CRASHES },
  autostart: {
    form: 'switch',
    fate: 'instead',
    quiet: [true],
    here: 'The command starts what it is given; systemd says when.',
  },
  shutdown_with_message: {
    form: 'switch',
    fate: 'moot',
    quiet: [true, false],
    here: "A program hears both: the message 'shutdown' and SIGTERM.",
  },
  treekill: {
    form: 'switch',
    fate: 'instead',
    quiet: [true],
    here: 'What a worker has started ends with it, unless it leads a session of its own (`detached: true`).',
  },
  kill_retry_time: { form: 'any', fate: 'moot', here: 'One SIGKILL is enough.' },
  filter_env: {
    form: 'any',
    fate: 'instead',
    quiet: [false],
    here: 'The program sees the environment of the server: start that with the one it should have (systemd does, `env -i`).',
  },
  append_env_to_name: { form: 'switch', fate: 'moot', quiet: [false], here: '`--name` says it.' },
  name_prefix: { form: 'any', fate: 'moot', here: '`--name` says it.' },
  namespace: { form: 'any', fate: 'moot', quiet: ['default'], here: 'A server is one service.' },
  execute_command: {
    form: 'switch',
    fate: 'moot',
    quiet: [false],
    here: 'See `script`.',
  },
  force: { form: 'switch', fate: 'moot', quiet: [false], here: 'Each command is a server.' },
  install_url: { form: 'any', fate: 'moot', here: 'Nothing is installed here.' },
  post_update: { form: 'any', fate: 'moot', here: NO_PM2_PLUS },
  vizion: {
    form: 'any',
    fate: 'moot',
    quiet: [true, false],
    here: 'Nobody looks into the repository.',
  },
  username: { form: 'any', fate: 'moot', here: 'PM2 sets it for itself; see `uid`.' },
  windowsHide: { form: 'any', fate: 'moot', quiet: [true, false], here: 'It is for Windows.' },
  write: { form: 'any', fate: 'moot', here: 'It is for the command line of PM2.' },
  trace: { form: 'any', fate: 'moot', quiet: [false], here: NO_PM2_PLUS },
  disable_trace: { form: 'any', fate: 'moot', quiet: [true, false], here: NO_PM2_PLUS },
  v8: { form: 'any', fate: 'moot', quiet: [false], here: NO_PM2_PLUS },
  event_loop_inspector: { form: 'any', fate: 'moot', quiet: [false], here: NO_PM2_PLUS },
  deep_monitoring: { form: 'any', fate: 'moot', quiet: [false], here: NO_PM2_PLUS },
  pmx: { form: 'any', fate: 'moot', quiet: [true, false], here: NO_PM2_PLUS },
  automation: { form: 'any', fate: 'moot', quiet: [true, false], here: NO_PM2_PLUS },
  io: { form: 'any', fate: 'moot', here: NO_PM2_PLUS },
} as const satisfies { readonly [key: string]: Pm2Key };

export type Pm2KeyName = keyof typeof PM2_KEYS;

const NAMES = Object.keys(PM2_KEYS) as readonly Pm2KeyName[];

/** The key of that name, of one of its other names, or of its name in camelCase. */
export function pm2KeyNamed(written: string): Pm2KeyName | null {
  if (/^env_\S+$/.test(written)) return 'env_*';
  const snake = written.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  const fits = (name: Pm2KeyName): boolean => {
    const { aliases = [] }: Pm2Key = PM2_KEYS[name];
    return name === written || name === snake || aliases.includes(written);
  };
  return NAMES.find(fits) ?? null;
}

/** All names that a key may have, to guess what was meant. */
export const PM2_NAMES: readonly string[] = NAMES.flatMap((name) => {
  const { aliases = [] }: Pm2Key = PM2_KEYS[name];
  return [name, ...aliases];
});
