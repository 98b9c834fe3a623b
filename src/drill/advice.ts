// Which setting it is that holds in each row, and which settings are too lax whatever the rows say: a table of rules over
// the resolved settings, with what each value means for people and what to write instead.

import type { SettingName } from '../settings/catalogue.ts';
import type { Sources } from '../settings/resolve.ts';
import type { Settings } from '../settings/settings.ts';
import { placeOf } from '../settings/source.ts';

/** What the server of a row is held by, beside what needs no setting. */
const HELD_BY: Readonly<Record<number, readonly SettingName[]>> = {
  2: ['head_timeout'],
  3: ['body_timeout', 'body_min_rate'],
  4: ['write_timeout', 'response_memory', 'response_spool'],
  5: ['worker_connections', 'first_byte_timeout', 'keepalive'],
  6: ['timeout'],
  7: ['timeout'],
  8: ['timeout'],
  12: ['queue_timeout', 'queue_limit'],
  13: ['handshake_timeout'],
};

const UNITS: Partial<Record<SettingName, string>> = {
  body_min_rate: ' bytes/s',
  write_min_rate: ' bytes/s',
  response_memory: ' bytes',
  response_spool: ' bytes',
  worker_connections: '',
  queue_limit: '',
  limit_request_body: '',
};

/** What needs no setting. */
const HELD_ANYWAY: Readonly<Record<number, string>> = {
  9: 'whatever dies is replaced, whatever the settings',
  12: 'the newest goes first once the oldest has waited for half a second',
};

/** "head_timeout 10 s (by default)" for each setting that held the row; empty for none. */
export function heldBy(row: number, settings: Settings, sources: Sources): string {
  const names = (HELD_BY[row] ?? []).map((name) => inWords(name, settings, sources));
  return [...(HELD_ANYWAY[row] === undefined ? [] : [HELD_ANYWAY[row]]), ...names].join(', ');
}

function inWords(name: SettingName, settings: Settings, sources: Sources): string {
  return `${name} ${settings[name]}${UNITS[name] ?? ' s'} (${placeOf(sources[name])})`;
}

export interface Lax {
  readonly setting: SettingName;
  /** A line for people: value, place, what it means, what to write instead. */
  readonly text: string;
}

interface Rule {
  readonly setting: SettingName;
  /** True when it is too lax. */
  when(settings: Settings): boolean;
  means(settings: Settings): string;
  readonly instead: string;
}

/** A deadline beyond `most` seconds, and what waits until then. */
function longer(setting: SettingName, most: number, what: string, instead: string): Rule {
  return {
    setting,
    when: (settings) => Number(settings[setting]) > most,
    means: (settings) => `${what} for ${Number(settings[setting])} s`,
    instead,
  };
}

/** Where numbers are not explained: ten times what is usual, so that whoever is warned has a reason to look. */
const RULES: readonly Rule[] = [
  {
    setting: 'timeout',
    when: ({ timeout }) => timeout === 0,
    means: () => 'a request that hangs holds its thread for ever, and nobody is told where',
    instead: '--timeout 30',
  },
  longer('timeout', 300, 'a request that hangs holds its thread', '--timeout 30'),
  longer('handshake_timeout', 100, 'a stalled handshake keeps its place', '--handshake-timeout 10'),
  longer(
    'first_byte_timeout',
    100,
    'a silent connection keeps its place',
    '--first-byte-timeout 10',
  ),
  longer('head_timeout', 100, 'a dripped head keeps its place', '--head-timeout 10'),
  longer(
    'body_timeout',
    600,
    'a body that has stopped coming keeps its place',
    '--body-timeout 60',
  ),
  {
    setting: 'body_min_rate',
    when: ({ body_min_rate }) => body_min_rate < 50,
    means: ({ body_min_rate }) =>
      `a body may drip at ${body_min_rate} bytes a second for as long as it likes`,
    instead: '--body-min-rate 500',
  },
  longer(
    'write_timeout',
    300,
    'a client that does not read keeps its response',
    '--write-timeout 30',
  ),
  {
    setting: 'write_min_rate',
    when: ({ write_min_rate }) => write_min_rate < 50,
    means: ({ write_min_rate }) =>
      `a response may be read at ${write_min_rate} bytes a second for as long as the client likes`,
    instead: '--write-min-rate 500',
  },
  // Load balancers keep connections for a minute, some for longer; the worker must keep them a little longer still.
  longer('keepalive', 120, 'an idle connection keeps its place', '--keep-alive 75'),
  // Proxies and people have given up by then; a browser waits longer, the person before it does not.
  longer(
    'queue_timeout',
    30,
    'a request may wait for a thread, longer than its client waits,',
    '--queue-timeout 15',
  ),
  longer(
    'stream_timeout',
    3_600,
    'a response that has stalled in the application stays',
    '--stream-timeout 300',
  ),
  longer(
    'graceful_timeout',
    300,
    'a worker that was told to stop may hang on',
    '--graceful-timeout 30',
  ),
  {
    setting: 'limit_request_body',
    when: ({ limit_request_body, request_buffering }) =>
      limit_request_body === 0 && request_buffering !== 'off',
    means: ({ tmp_dir }) => `an upload may fill the disk of ${tmp_dir}`,
    instead:
      '--limit-request-body with the largest body that the application takes, for example 100m',
  },
];

/** Settings that are too lax, in the order of the rules. */
export function laxSettings(settings: Settings, sources: Sources): readonly Lax[] {
  return RULES.filter((rule) => rule.when(settings)).map(({ setting, means, instead }) => ({
    setting,
    text: `${setting} ${settings[setting]} (${placeOf(sources[setting])}): ${means(settings)}. Try ${instead}.`,
  }));
}
