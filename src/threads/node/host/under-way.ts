// What a thread ran when it ended, in words: nobody can say which request an error that nobody caught belongs to, unless there
// is only one. (AsyncLocalStorage could; it costs every await of an application 190 ns on Node.js 20, and each request 420 ns
// on 24, two hundredths of a small one.)

import { escapeValue } from '../../../observe/escape.ts';
import { withoutQuery } from '../../../observe/request-words.ts';
import type { RequestHead } from '../../app-thread.ts';

/** A request that has begun and is not answered. */
export interface UnderWay {
  readonly head: Pick<RequestHead, 'method' | 'target'>;
  readonly ageMs: number;
}

/** The others are counted. */
const SHOWN = 5;

/** Follows "it ended". The latest come first: errors mostly come soon. */
export function underWayInWords(requests: readonly UnderWay[]): string {
  if (requests.length === 0) return 'while it ran no request';
  // Of those that began in the same turn the one that came last.
  const latest = requests.toReversed().sort((a, b) => a.ageMs - b.ageMs);
  const shown = latest.slice(0, SHOWN).map(requestInWords).join(', ');
  if (requests.length === 1) return `while it ran ${shown}`;
  const more = requests.length - SHOWN;
  return `while it ran ${requests.length} requests: ${shown}${more > 0 ? ` and ${more} more` : ''}`;
}

function requestInWords({ head, ageMs }: UnderWay): string {
  const path = escapeValue(withoutQuery(head.target));
  return `${escapeValue(head.method)} ${path} for ${(ageMs / 1000).toFixed(1)} s`;
}
