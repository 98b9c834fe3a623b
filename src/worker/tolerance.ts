// Which setting loosens which rule of the parser.

import type { Tolerance } from '../http1/tolerance.ts';
import type { Settings } from '../settings/settings.ts';

export type LooseningSettings = Pick<
  Settings,
  | 'permit_unconventional_http_method'
  | 'casefold_http_method'
  | 'permit_unconventional_http_version'
  | 'strip_header_spaces'
  | 'permit_obsolete_folding'
  | 'tolerate_dangerous_framing'
  | 'header_map'
>;

/** @param type names with underscores are ambiguous in WSGI's environ only, so only there they are dropped */
export function toleranceOf(settings: LooseningSettings, type: 'wsgi' | 'node'): Tolerance {
  return {
    unconventionalMethods: settings.permit_unconventional_http_method,
    capitalMethods: settings.casefold_http_method,
    unconventionalVersions: settings.permit_unconventional_http_version,
    blanksBeforeColon: settings.strip_header_spaces,
    folding: settings.permit_obsolete_folding,
    dangerousFraming: settings.tolerate_dangerous_framing,
    underscores: underscoresOf(settings.header_map, type),
    // A program on node:http may listen for them ('checkExpectation'); where none does its thread says 417.
    expectations: type === 'node',
  };
}

function underscoresOf(
  map: Settings['header_map'],
  type: 'wsgi' | 'node',
): Tolerance['underscores'] {
  if (map === 'refuse') return 'refuse';
  return map === 'drop' && type === 'wsgi' ? 'drop' : 'keep';
}
