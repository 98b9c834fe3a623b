// What Gunicorn has and Tunicorn has not: settings and flags of Gunicorn 26.1, and what is done about each. One that
// changes nothing here that anybody would miss is accepted with a warning, so that a gunicorn.conf.py starts as it is;
// one without which serving would be wrong is refused by name, rather than as a typing mistake. What asks for nothing
// (Gunicorn's own default, a switch that is off) passes in silence. docs/from-gunicorn.md lists them all.

import type { Flag } from './declaration.ts';

interface Foreign {
  readonly flags: readonly Flag[];
  /** The flag is a switch: this is what it stands for. Absent: it takes a value. */
  readonly stands?: boolean;
  /** Values beside the empty ones that ask for nothing: what they ask for is so here, or is Gunicorn's default. */
  readonly quiet?: readonly unknown[];
  /** Why it can be left out; a sentence. Absent: it is refused. */
  readonly noEffect?: string;
  /** What to do instead; a sentence. */
  readonly instead?: string;
}

const ASGI = 'It is for ASGI applications, and Tunicorn runs WSGI and Node.js ones.';
const NO_DIRTY_POOL = 'Tunicorn has no dirty pool.';
const NO_HTTP2 = 'HTTP/2 is not there: clients are offered HTTP/1.1.';
const PYTHON_LOGGING =
  "It configures Python's logging, and no Python writes the logs here: see log_json, syslog and access_log_format.";

const SETTINGS: { readonly [name: string]: Foreign } = {
  asgi_loop: { flags: ['--asgi-loop'], quiet: ['auto'], noEffect: ASGI },
  asgi_lifespan: { flags: ['--asgi-lifespan'], quiet: ['auto'], noEffect: ASGI },
  asgi_disconnect_grace_period: {
    flags: ['--asgi-disconnect-grace-period'],
    quiet: [3],
    noEffect: ASGI,
  },
  root_path: { flags: ['--root-path'], noEffect: ASGI },
  http_parser: {
    flags: ['--http-parser'],
    quiet: ['auto'],
    noEffect: 'Tunicorn has one parser, its own.',
  },
  spew: {
    flags: ['--spew'],
    stands: true,
    noEffect: 'Lines that run are not traced; the stack of a request that hangs is in the log.',
  },
  sendfile: {
    flags: ['--no-sendfile'],
    stands: false,
    quiet: [true],
    noEffect: 'Files are read by the loop, without sendfile(2), and never hold a thread.',
  },
  worker_tmp_dir: {
    flags: ['--worker-tmp-dir'],
    noEffect: 'Workers tell that they live over a pipe, and there are no heartbeat files.',
  },
  tmp_upload_dir: {
    flags: [],
    noEffect: 'Gunicorn does not read it either; tmp_dir says where request bodies go.',
  },
  paste: { flags: ['--paste', '--paster'], instead: 'Name the application as module:callable.' },
  raw_paste_global_conf: {
    flags: ['--paste-global'],
    noEffect: 'It is for paste, which Tunicorn does not read.',
  },
  protocol: { flags: ['--protocol'], quiet: ['http'], instead: 'Have the proxy speak HTTP.' },
  uwsgi_allow_ips: {
    flags: ['--uwsgi-allow-from'],
    quiet: ['127.0.0.1,::1'],
    noEffect: 'The uwsgi protocol is not spoken, so that nobody can use it.',
  },
  logger_class: {
    flags: ['--logger-class'],
    quiet: ['gunicorn.glogging.Logger', 'simple'],
    instead: PYTHON_LOGGING,
  },
  logconfig: { flags: ['--log-config'], instead: PYTHON_LOGGING },
  logconfig_dict: { flags: [], instead: PYTHON_LOGGING },
  logconfig_json: { flags: ['--log-config-json'], instead: PYTHON_LOGGING },
  default_proc_name: {
    flags: [],
    quiet: ['gunicorn'],
    noEffect: 'Gunicorn sets it for itself.',
  },
  ssl_version: {
    flags: ['--ssl-version'],
    noEffect: 'Gunicorn ignores it as well; ssl_min_version says which versions are spoken.',
  },
  suppress_ragged_eofs: {
    flags: ['--suppress-ragged-eofs'],
    stands: true,
    quiet: [true],
    noEffect: 'A client that closes without a goodbye of TLS is no error.',
  },
  do_handshake_on_connect: {
    flags: ['--do-handshake-on-connect'],
    stands: true,
    noEffect: 'The loop shakes hands, within handshake_timeout, before a thread is needed.',
  },
  http_protocols: {
    flags: ['--http-protocols'],
    quiet: ['h1'],
    instead: 'Tunicorn speaks HTTP/1.1: leave it out.',
  },
  http2_cleartext: {
    flags: ['--http2-cleartext'],
    quiet: ['off'],
    instead: 'Tunicorn speaks HTTP/1.1: have the proxy speak it, too.',
  },
  http2_max_concurrent_streams: {
    flags: ['--http2-max-concurrent-streams'],
    quiet: [100],
    noEffect: NO_HTTP2,
  },
  http2_initial_window_size: {
    flags: ['--http2-initial-window-size'],
    quiet: [65535],
    noEffect: NO_HTTP2,
  },
  http2_max_frame_size: {
    flags: ['--http2-max-frame-size'],
    quiet: [16384],
    noEffect: NO_HTTP2,
  },
  http2_max_header_list_size: {
    flags: ['--http2-max-header-list-size'],
    quiet: [65536],
    noEffect: NO_HTTP2,
  },
  dirty_apps: { flags: ['--dirty-app'], instead: NO_DIRTY_POOL },
  dirty_workers: { flags: ['--dirty-workers'], noEffect: NO_DIRTY_POOL },
  dirty_timeout: { flags: ['--dirty-timeout'], quiet: [300], noEffect: NO_DIRTY_POOL },
  dirty_threads: { flags: ['--dirty-threads'], quiet: [1], noEffect: NO_DIRTY_POOL },
  dirty_graceful_timeout: {
    flags: ['--dirty-graceful-timeout'],
    quiet: [30],
    noEffect: NO_DIRTY_POOL,
  },
};

/** What is done about something that Gunicorn has and Tunicorn has not. Both texts are sentences or empty. */
export type Verdict =
  /** It asks for nothing. */
  | { readonly kind: 'quiet' }
  | { readonly kind: 'no effect'; readonly warning: string }
  | { readonly kind: 'refused'; readonly problem: string; readonly instead: string };

/** A flag of Gunicorn's that is none of ours. */
export interface ForeignFlag {
  readonly setting: string;
  /** What it stands for; null when it takes a value. */
  readonly stands: boolean | null;
  verdict(value: unknown): Verdict;
}

/** For a Gunicorn flag, or the beginning of just one, as argparse takes it; null for any other. */
export function foreignFlag(flag: string): ForeignFlag | null {
  const all = Object.entries(SETTINGS);
  const whole = all.find(([, { flags }]) => flags.some((known) => known === flag));
  const begun = all.filter(([, { flags }]) => flags.some((known) => known.startsWith(flag)));
  const found = whole ?? (/^--./.test(flag) && begun.length === 1 ? begun[0] : undefined);
  if (found === undefined) return null;
  const [setting, foreign] = found;
  const said = `${foreign.flags.join('/')} is a Gunicorn option`;
  return {
    setting,
    stands: foreign.stands ?? null,
    verdict: (value) => judge(foreign, value, foreign.flags.join('/'), said),
  };
}

/** For a name in a config file; null when Gunicorn has no such setting, or Tunicorn has it. */
export function foreignSetting(name: string, value: unknown): Verdict | null {
  if (!Object.hasOwn(SETTINGS, name)) return null;
  const foreign = SETTINGS[name];
  return foreign === undefined
    ? null
    : judge(foreign, value, name, `${name} is a Gunicorn setting`);
}

function judge(
  { stands, quiet = [], noEffect, instead = '' }: Foreign,
  value: unknown,
  label: string,
  said: string,
): Verdict {
  // --no-sendfile asks for something, although what it stands for is false.
  const asksForNothing = value !== stands && isEmpty(value);
  if (asksForNothing || quiet.some((one) => isAlike(one, value))) return { kind: 'quiet' };
  if (noEffect !== undefined) {
    return { kind: 'no effect', warning: `${label} has no effect. ${noEffect}` };
  }
  return { kind: 'refused', problem: `${said} that Tunicorn does not have yet.`, instead };
}

/** What a setting has by default that is off or not set. */
function isEmpty(value: unknown): boolean {
  if (value === null || value === undefined || value === false || value === '') return true;
  if (value === 0 || value === '0') return true;
  return typeof value === 'object' && Object.keys(value).length === 0;
}

/** A flag brings its value as text, and a list of one is that one. */
function isAlike(quiet: unknown, value: unknown): boolean {
  const one = Array.isArray(value) && value.length === 1 ? value[0] : value;
  return String(quiet) === String(one);
}

/** Names of all of them, for the tests: none may be in the catalogue as well. */
export const FOREIGN_SETTINGS: readonly string[] = Object.keys(SETTINGS);
export const FOREIGN_FLAGS: readonly Flag[] = Object.values(SETTINGS).flatMap(({ flags }) => flags);
