// The lists that a client is looked up in before anything is counted: who may come at all, and for whom no limit holds. Read as
// the arbiter reads them, and asked as a worker does.

import { readNetworkLists } from '../arbiter/stage/network-lists.ts';
import { mayCome } from '../limits/client-limits.ts';
import { NetworkSet } from '../limits/network-set.ts';
import type { Resolved } from '../settings/resolve.ts';
import { type OwnAnswer, type Rule, rulerOf } from './explanation.ts';

export class ClientLists {
  readonly #allow: NetworkSet | null;
  readonly #deny: NetworkSet;
  readonly #exempt: NetworkSet;
  readonly #refuses: boolean;

  /** @throws SettingError when a file of them cannot be read */
  constructor({ settings, sources }: Resolved) {
    const { allow, deny, exempt } = readNetworkLists(settings, sources);
    this.#allow = allow === null ? null : new NetworkSet(allow);
    this.#deny = new NetworkSet(deny);
    this.#exempt = new NetworkSet(exempt);
    this.#refuses = !settings.limit_dry_run;
  }

  denies(address: string): boolean {
    return this.#deny.has(address);
  }

  exempts(address: string): boolean {
    return this.#exempt.has(address);
  }

  mayCome(address: string): boolean {
    return mayCome(address, { allow: this.#allow, deny: this.#deny });
  }

  /** What becomes of a connection that is judged; null: it may come. */
  connectionAnswer(from: string): OwnAnswer | null {
    if (this.mayCome(from) || !this.#refuses) return null;
    return { status: null, code: 'client-denied', detail: 'its connection is reset when it comes' };
  }

  /** The same where its requests are judged instead, by the client that each has. */
  requestAnswer(address: string): OwnAnswer | null {
    if (this.mayCome(address) || !this.#refuses) return null;
    return { status: 403, code: 'client-denied', detail: `${address} may not come` };
  }
}

export function listRules(
  resolved: Resolved,
  lists: ClientLists,
  address: string,
): readonly Rule[] {
  const { allow, deny, limit_exempt: exempt } = resolved.settings;
  const rule = rulerOf(resolved, 'clients');
  const rules: Rule[] = [];
  // No proxy of its own is looked up that names another: only then do the two differ.
  if (address !== '' && deny.length > 0) {
    rules.push(rule('deny', `${address} is ${lists.denies(address) ? '' : 'not '}one of them`));
  }
  if (address !== '' && allow.length > 0 && !lists.denies(address)) {
    rules.push(rule('allow', `${address} is ${lists.mayCome(address) ? '' : 'not '}one of them`));
  }
  if (exempt.length > 0) {
    const words = lists.exempts(address)
      ? `${address} is one of them: no limit of rates or connections holds`
      : `${address} is not one of them`;
    rules.push(rule('limit_exempt', words));
  }
  return rules;
}
