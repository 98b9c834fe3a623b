// Where a value came from, and how that is said in an error, in --print-config and in a log.

/** Weak to strong: a later kind replaces an earlier one. */
export type Source =
  | { readonly kind: 'default' }
  | { readonly kind: 'environment'; readonly variable: string }
  /** `file` is the path as it was given or found. */
  | { readonly kind: 'file'; readonly file: string }
  | { readonly kind: 'arguments'; readonly from: ArgumentsFrom; readonly flag: string };

/** The two places that flags are read from. */
export type ArgumentsFrom = 'TUNICORN_CMD_ARGS' | 'command line';

export const DEFAULT: Source = { kind: 'default' };

/** For a list: "command line --workers", "environment PORT", "tunicorn.config.ts". */
export function labelOf(source: Source): string {
  if (source.kind === 'default') return 'default';
  if (source.kind === 'environment') return `environment ${source.variable}`;
  if (source.kind === 'file') return source.file;
  return `${source.from} ${source.flag}`;
}

/** For a sentence, behind the value: "in TUNICORN_CMD_ARGS", "on the command line (--workers)". */
export function placeOf(source: Source): string {
  if (source.kind === 'default') return 'by default';
  if (source.kind === 'environment') return `in the environment (${source.variable})`;
  if (source.kind === 'file') return `in ${source.file}`;
  return placeOfArguments(source.from, source.flag);
}

/** The same for flags, where the flag may be left unsaid. */
export function placeOfArguments(from: ArgumentsFrom, flag: string | null): string {
  const place = from === 'command line' ? 'on the command line' : `in ${from}`;
  return flag === null ? place : `${place} (${flag})`;
}
