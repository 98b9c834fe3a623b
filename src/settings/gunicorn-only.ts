// What Gunicorn has and Tunicorn has not (yet): settings, flags and server hooks of Gunicorn 26.1. Whoever brings one
// reads that it is known and missing, rather than that it is a typing mistake.

import type { Flag } from './declaration.ts';

interface Missing {
  readonly flags: readonly Flag[];
  /** What to do instead; a sentence. */
  readonly instead?: string;
}

const ASGI = 'Tunicorn runs WSGI and Node.js applications; it does not run ASGI applications.';
const DIRTY = 'Tunicorn has no dirty pool.';
const PYTHON_LOGGING =
  "It configures Python's logging, and no Python writes the logs here: see log_json, syslog and access_log_format.";
const NO_HEARTBEAT_FILES = 'Tunicorn keeps no heartbeat files: leave it out.';

const SETTINGS: { readonly [name: string]: Missing } = {
  asgi_loop: { flags: ['--asgi-loop'], instead: ASGI },
  asgi_lifespan: { flags: ['--asgi-lifespan'], instead: ASGI },
  asgi_disconnect_grace_period: { flags: ['--asgi-disconnect-grace-period'], instead: ASGI },
  root_path: { flags: ['--root-path'], instead: ASGI },
  http_parser: {
    flags: ['--http-parser'],
    instead: 'Tunicorn has one parser of its own: leave it out.',
  },
  reload: { flags: ['--reload'] },
  reload_engine: { flags: ['--reload-engine'] },
  reload_extra_files: { flags: ['--reload-extra-file'] },
  spew: { flags: ['--spew'] },
  preload_app: { flags: ['--preload'] },
  sendfile: { flags: ['--no-sendfile'], instead: 'Leave it out.' },
  reuse_port: { flags: ['--reuse-port'] },
  daemon: {
    flags: ['-D', '--daemon'],
    instead: 'Let systemd or a container keep it in the background.',
  },
  worker_tmp_dir: { flags: ['--worker-tmp-dir'], instead: NO_HEARTBEAT_FILES },
  tmp_upload_dir: { flags: [], instead: 'tmp_dir says where request bodies go.' },
  secure_scheme_headers: { flags: [] },
  forwarded_allow_ips: { flags: ['--forwarded-allow-ips'] },
  paste: { flags: ['--paste', '--paster'] },
  raw_paste_global_conf: { flags: ['--paste-global'] },
  proxy_protocol: { flags: ['--proxy-protocol'] },
  proxy_allow_ips: { flags: ['--proxy-allow-from'] },
  protocol: { flags: ['--protocol'] },
  uwsgi_allow_ips: { flags: ['--uwsgi-allow-from'] },
  forwarder_headers: { flags: ['--forwarder-headers'] },
  capture_output: { flags: ['--capture-output'] },
  logger_class: { flags: ['--logger-class'], instead: PYTHON_LOGGING },
  logconfig: { flags: ['--log-config'], instead: PYTHON_LOGGING },
  logconfig_dict: { flags: [], instead: PYTHON_LOGGING },
  logconfig_json: { flags: ['--log-config-json'], instead: PYTHON_LOGGING },
  enable_stdio_inheritance: { flags: ['-R', '--enable-stdio-inheritance'] },
  statsd_host: { flags: ['--statsd-host'] },
  dogstatsd_tags: { flags: ['--dogstatsd-tags'] },
  statsd_prefix: { flags: ['--statsd-prefix'] },
  enable_backlog_metric: { flags: ['--enable-backlog-metric'] },
  proc_name: { flags: ['-n', '--name'] },
  default_proc_name: { flags: [] },
  ssl_version: { flags: ['--ssl-version'] },
  suppress_ragged_eofs: { flags: ['--suppress-ragged-eofs'] },
  do_handshake_on_connect: { flags: ['--do-handshake-on-connect'] },
  cert_reqs: { flags: ['--cert-reqs'] },
  ca_certs: { flags: ['--ca-certs'] },
  ciphers: { flags: ['--ciphers'] },
  http_protocols: { flags: ['--http-protocols'] },
  http2_cleartext: { flags: ['--http2-cleartext'] },
  http2_max_concurrent_streams: { flags: ['--http2-max-concurrent-streams'] },
  http2_initial_window_size: { flags: ['--http2-initial-window-size'] },
  http2_max_frame_size: { flags: ['--http2-max-frame-size'] },
  http2_max_header_list_size: { flags: ['--http2-max-header-list-size'] },
  dirty_apps: { flags: ['--dirty-app'], instead: DIRTY },
  dirty_workers: { flags: ['--dirty-workers'], instead: DIRTY },
  dirty_timeout: { flags: ['--dirty-timeout'], instead: DIRTY },
  dirty_threads: { flags: ['--dirty-threads'], instead: DIRTY },
  dirty_graceful_timeout: { flags: ['--dirty-graceful-timeout'], instead: DIRTY },
  control_socket: { flags: ['--control-socket'] },
  control_socket_mode: { flags: ['--control-socket-mode'] },
  control_socket_disable: { flags: ['--no-control-socket'], instead: 'Leave it out.' },
};

const HOOKS: readonly string[] = [
  'on_starting',
  'when_ready',
  'on_reload',
  'nworkers_changed',
  'pre_fork',
  'post_fork',
  'post_worker_init',
  'worker_int',
  'worker_abort',
  'pre_request',
  'post_request',
  'worker_exit',
  'child_exit',
  'pre_exec',
  'on_exit',
  'ssl_context',
  'on_dirty_starting',
  'dirty_post_fork',
  'dirty_worker_init',
  'dirty_worker_exit',
];

/** What is said about something that Gunicorn has and Tunicorn has not. */
export interface NotYet {
  /** A sentence. */
  readonly problem: string;
  /** A sentence, or empty. */
  readonly instead: string;
}

/** For a Gunicorn flag, or the beginning of just one, as argparse takes it; null for any other. */
export function missingFlag(flag: string): NotYet | null {
  const all = Object.values(SETTINGS);
  const whole = all.find((missing) => missing.flags.some((known) => known === flag));
  const begun = all.filter((missing) => missing.flags.some((known) => known.startsWith(flag)));
  const found = whole ?? (/^--./.test(flag) && begun.length === 1 ? begun[0] : undefined);
  if (found === undefined) return null;
  const problem = `${found.flags.join('/')} is a Gunicorn option that Tunicorn does not have yet.`;
  return { problem, instead: found.instead ?? '' };
}

/** One of Gunicorn's server hooks. */
export function isHook(name: string): boolean {
  return HOOKS.includes(name);
}

/** For a name in a config file. */
export function missingSetting(name: string): NotYet | null {
  const hook = HOOKS.includes(name);
  if (!hook && !Object.hasOwn(SETTINGS, name)) return null;
  const problem = `${name} is a Gunicorn ${hook ? 'server hook' : 'setting'} that Tunicorn does not have yet.`;
  return { problem, instead: SETTINGS[name]?.instead ?? '' };
}

/** Names of all of them, for the tests: none may be in the catalogue as well. */
export const MISSING_SETTINGS: readonly string[] = [...Object.keys(SETTINGS), ...HOOKS];
export const MISSING_FLAGS: readonly Flag[] = Object.values(SETTINGS).flatMap(
  (missing) => missing.flags,
);
