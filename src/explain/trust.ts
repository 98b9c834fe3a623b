// What is believed of the request's client: whether its connection may speak for others, and what it says by which field.

import type { Resolved } from '../settings/resolve.ts';
import type { Asked } from './asked.ts';
import { type Rule, rulerOf } from './explanation.ts';

export function trustRules(resolved: Resolved, asked: Asked): readonly Rule[] {
  const { settings } = resolved;
  const rule = rulerOf(resolved, 'trust');
  const who = asked.question.from === '' ? 'a client of a unix socket' : asked.question.from;
  const { forwards, introduces } = asked.standing;
  const rules: Rule[] = [
    rule(
      'forwarded_allow_ips',
      forwards
        ? `${who} is a proxy that is believed: its fields about the client count`
        : `${who} is not one of them: no field of the request tells of another client`,
    ),
  ];
  if (forwards) rules.push(...fieldRules(resolved, asked));
  if (settings.certfile !== null) rules.push(rule('certfile', 'it comes by TLS'));
  if (settings.cert_reqs !== 'none') {
    rules.push(rule('cert_reqs', 'its client is asked for a certificate'));
  }
  rules.push(rule('proxy_protocol', introduction(settings.proxy_protocol, introduces)));
  if (settings.proxy_protocol !== 'off') {
    rules.push(
      rule(
        'proxy_allow_ips',
        introduces ? `${who} may send one` : `${who} may send none: 403 if it does`,
      ),
    );
  }
  const lost = droppedNames(asked);
  if (lost.length > 0) rules.push(rule('header_map', `dropped: ${lost.join(', ')}`));
  return rules;
}

function introduction(mode: string, introduces: boolean): string {
  if (mode === 'off') return 'its connection does not begin with a PROXY header';
  return introduces
    ? 'its connection may begin with a PROXY header, which names the client'
    : 'connections may begin with a PROXY header, this one may not';
}

/** What a believed proxy says of this request. */
function fieldRules(resolved: Resolved, { head, sent }: Asked): readonly Rule[] {
  const rule = rulerOf(resolved, 'trust');
  const { forwarded_for: takesAddress, secure_scheme_headers: schemes } = resolved.settings;
  const { secure = null, address = null, scriptName = null } = head.forwarded ?? {};
  const names = Object.keys(schemes).map((name) => name.toLowerCase());
  const said = sent.find((name, at) => at % 2 === 0 && names.includes(name.toLowerCase()));
  const rules = [
    rule(
      'secure_scheme_headers',
      secure === null
        ? 'the request has none of them: its scheme is that of the connection'
        : `${said ?? 'a field'} says ${secure ? 'https' : 'http'}`,
    ),
    rule('forwarded_for', addressWords(takesAddress, address, sent)),
  ];
  if (scriptName !== null) {
    rules.push(rule('forwarder_headers', `SCRIPT_NAME says ${JSON.stringify(scriptName)}`));
  }
  return rules;
}

function addressWords(
  takesAddress: boolean,
  address: string | null,
  sent: readonly string[],
): string {
  if (address !== null) return `X-Forwarded-For says ${address}, read from the right past proxies`;
  const has = sent.some((name, at) => at % 2 === 0 && name.toLowerCase() === 'x-forwarded-for');
  if (!has) return 'the request has no X-Forwarded-For: its client is who is connected';
  if (takesAddress) return 'X-Forwarded-For names no address: its client is who is connected';
  return 'X-Forwarded-For is not read: its client is who is connected';
}

/** Fields that were sent and that the application does not see. */
function droppedNames({ sent, head, answer }: Asked): readonly string[] {
  if (answer !== null) return [];
  const kept = new Set(head.fields.filter((_, at) => at % 2 === 0));
  return sent.filter((name, at) => at % 2 === 0 && !kept.has(name));
}
