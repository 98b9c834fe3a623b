// Where a value came from, and how that is said in an error, in --print-config and in a log.

/** Weak to strong: a later kind replaces an earlier one. */
export type Source =
  | { readonly kind: 'default' }
  | { readonly kind: 'environment'; readonly variable: string }
  /** `file` is the path as it was given or found; `line` where the value is set, as far as the text shows it. */
  | { readonly kind: 'file'; readonly file: string; readonly line?: number }
  | { readonly kind: 'arguments'; readonly from: ArgumentsFrom; readonly flag: string };

/** The places that flags are read from. */
export type ArgumentsFrom = 'GUNICORN_CMD_ARGS' | 'TUNICORN_CMD_ARGS' | 'command line';

export const DEFAULT: Source = { kind: 'default' };

/** For a list: "command line --workers", "environment PORT", "tunicorn.config.ts". */
export function labelOf(source: Source): string {
  if (source.kind === 'default') return 'default';
  if (source.kind === 'environment') return `environment ${source.variable}`;
  if (source.kind === 'file') {
    return source.line === undefined ? source.file : `${source.file}:${source.line}`;
  }
  return `${source.from} ${source.flag}`;
}

/** For a sentence, behind the value: "in TUNICORN_CMD_ARGS", "on the command line (--workers)". */
export function placeOf(source: Source): string {
  if (source.kind === 'default') return 'by default';
  if (source.kind === 'environment') return `in the environment (${source.variable})`;
  if (source.kind === 'file') {
    return source.line === undefined
      ? `in ${source.file}`
      : `in ${source.file}, line ${source.line}`;
  }
  return placeOfArguments(source.from, source.flag);
}

/** To follow an error about these settings: " certfile is set in conf.py, line 3."; empty where all are as by default. */
export function whereSet<N extends string>(
  names: readonly N[],
  sources: { readonly [K in N]: Source } | null,
): string {
  const places = names.flatMap((name) => {
    const source = sources?.[name] ?? DEFAULT;
    return source.kind === 'default' ? [] : [`${name} is set ${placeOf(source)}`];
  });
  return places.length === 0 ? '' : ` ${places.join('; ')}.`;
}

/** The same for flags, where the flag may be left unsaid. */
export function placeOfArguments(from: ArgumentsFrom, flag: string | null): string {
  const place = from === 'command line' ? 'on the command line' : `in ${from}`;
  return flag === null ? place : `${place} (${flag})`;
}
