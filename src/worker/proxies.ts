// Which proxies are believed, and what of theirs: the settings' lists as the connections ask them.

import type { HeadLimits } from '../http1/limits.ts';
import { Allowed } from '../proxy/allowed.ts';
import { ProxyFields } from '../proxy/fields.ts';
import type { ProxyVersions } from '../proxy/header.ts';
import { Proxies } from '../proxy/standing.ts';
import { parseNetwork } from '../settings/networks.ts';
import type { Settings } from '../settings/settings.ts';

export type ProxySettings = Pick<
  Settings,
  | 'forwarded_allow_ips'
  | 'secure_scheme_headers'
  | 'forwarder_headers'
  | 'forwarded_for'
  | 'proxy_protocol'
  | 'proxy_allow_ips'
>;

/** @param headLimits of everybody else */
export function proxiesOf(settings: ProxySettings, headLimits: HeadLimits): Proxies {
  const forwarders = allowed(settings.forwarded_allow_ips);
  const forwarding = new ProxyFields({
    secureSchemes: settings.secure_scheme_headers,
    forwarderHeaders: settings.forwarder_headers,
    hops: settings.forwarded_for ? forwarders : null,
  });
  return new Proxies(
    { ...headLimits, forwarding },
    forwarders,
    versionsOf(settings.proxy_protocol),
    allowed(settings.proxy_allow_ips),
  );
}

function versionsOf(mode: Settings['proxy_protocol']): ProxyVersions | null {
  if (mode === 'off') return null;
  return { v1: mode !== 'v2', v2: mode !== 'v1' };
}

function allowed(list: readonly string[]): Allowed {
  const networks = list.filter((item) => item !== '*').map(parseNetwork);
  return new Allowed(networks, list.includes('*'));
}
