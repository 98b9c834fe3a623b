// The command line of bench/demo: what it may be told, and one line that says what was wrong. Pure.

import { parseArgs } from 'node:util';

const LEAST_SECONDS = 12;
const MOST_SECONDS = 600;
const DEFAULT_SECONDS = 60;

export type DemoOptions =
  | { readonly seconds: number }
  | { readonly help: string }
  | { readonly wrong: string };

const HELP = `Usage: npm run demo [-- --seconds N]

Plays every trouble on Tunicorn, and on Gunicorn where it is installed, and prints what normal clients got in each second.

  --seconds N  how long it takes: ${LEAST_SECONDS} to ${MOST_SECONDS} (default: ${DEFAULT_SECONDS})
  --help       this text`;

export function demoOptions(args: readonly string[]): DemoOptions {
  const seen = read(args);
  if ('wrong' in seen) return seen;
  if (seen.help) return { help: HELP };
  const seconds = Number(seen.seconds);
  if (/^\d+$/.test(seen.seconds) && seconds >= LEAST_SECONDS && seconds <= MOST_SECONDS) {
    return { seconds };
  }
  const asked = `a whole number from ${LEAST_SECONDS} to ${MOST_SECONDS}`;
  return { wrong: `demo: --seconds ${JSON.stringify(seen.seconds)} is not ${asked}` };
}

interface Read {
  readonly help: boolean;
  readonly seconds: string;
}

function read(args: readonly string[]): Read | { readonly wrong: string } {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        seconds: { type: 'string', default: `${DEFAULT_SECONDS}` },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    return values;
  } catch (error) {
    const [why = ''] = (error instanceof Error ? error.message : String(error)).split(/[.\n]/, 1);
    return { wrong: `demo: ${why}; its options are --seconds N and --help` };
  }
}
