// The token that a server may want before it tells anything. It comes in the address behind `#` or from whoever sits there, lives as long
// as the tab, and stands in the address bar for no longer than it takes to read it.

import { keep, kept } from '../kept.ts';

const KEY = 'tunicorn-token';

/** Takes it out of the address; null: there is none. */
export function takeToken(): string | null {
  const given = new URLSearchParams(location.hash.slice(1)).get('token');
  if (given !== null) {
    history.replaceState(null, '', location.pathname + location.search);
    keepToken(given);
    return given;
  }
  return kept('this tab', KEY);
}

export function keepToken(token: string): void {
  keep('this tab', KEY, token);
}
