// The words of `tunicorn drill` that are its own. Everything else on its command line is the server's and is resolved as
// for serving; a test holds that no setting has a flag of one of these names.

import { takeOwnWords, wrongWord } from '../settings/own-words.ts';

export interface DrillOptions {
  /** What normal clients ask for; begins with a slash. */
  readonly path: string;
  /** The longest that a deadline of the server is waited for, s. */
  readonly seconds: number;
  /** Numbers of rows; null for all. */
  readonly rows: readonly number[] | null;
}

/** What every application can be put through; 13 where it is served over TLS. */
export const DRILL_ROWS: readonly number[] = [2, 3, 4, 5, 6, 7, 8, 9, 12, 13];

export const DRILL_FLAGS = ['--path', '--seconds', '--rows'] as const;

/** A little more than the longest default of a deadline that a row needs: `timeout` and `write_timeout`, 30 s. */
const SECONDS = 35;
const SECONDS_MAX = 3_600;

export const DRILL_HELP = `usage: tunicorn drill [OPTIONS] APP

Starts APP as it would be served, by the same settings from the same places, on
a private unix socket, and plays with it what freezes servers: clients that
drip, do not read or say nothing; requests that hang, spin or crash; overload.
Each row tells what normal clients got before, during and after, which setting
held, and which is too lax. One worker is started, whatever --workers says, for
each is by itself; nothing is written to the log files of the settings.

  --path PATH             What normal clients ask for, again and again. [/]
  --seconds N             The longest that a deadline is waited for. [${SECONDS}]
  --rows N,N,...          Only these rows. [${DRILL_ROWS.join(',')}]

Every other option is the server's: see tunicorn --help. APP itself is asked for
PATH alone; what hangs and crashes are paths of our own that only a drill has.
A module called drill is served by tunicorn drill:app.

Exit code: 0 when every row held, 1 when one did not or could not be decided, 2
for a wrong command line, 130 after Ctrl-C; with an APP that does not load, that
of --check-config.`;

/**
 * Takes the drill's own words out of a command line; `rest` is the server's.
 * @throws SettingError that isUsage
 */
export function takeOptions(argv: readonly string[]): {
  own: DrillOptions;
  rest: readonly string[];
} {
  const { last, rest } = takeOwnWords<(typeof DRILL_FLAGS)[number]>(argv, {
    '--path': 'value',
    '--seconds': 'value',
    '--rows': 'value',
  });
  const path = last('--path') ?? '/';
  if (!/^\/[\x21-\x7e]*$/.test(path)) throw wrongWord('--path', path, 'a path that begins with /');
  const seconds = Number(last('--seconds') ?? SECONDS);
  if (!(seconds >= 1 && seconds <= SECONDS_MAX)) {
    throw wrongWord('--seconds', last('--seconds') ?? '', `a number from 1 to ${SECONDS_MAX}`);
  }
  return { own: { path, seconds, rows: rowsOf(last('--rows')) }, rest };
}

function rowsOf(text: string | undefined): readonly number[] | null {
  if (text === undefined) return null;
  const rows = text.split(',').map(Number);
  if (rows.some((row) => !DRILL_ROWS.includes(row))) {
    throw wrongWord('--rows', text, `one or more of ${DRILL_ROWS.join(',')}`);
  }
  return rows;
}
