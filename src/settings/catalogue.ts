// The catalogue: every setting there is, declared once, in the order of the book. Folder catalogue/ has a file for each
// section; this one only binds them.

import { application } from './catalogue/application.ts';
import { bodies } from './catalogue/bodies.ts';
import { clients } from './catalogue/clients.ts';
import { config } from './catalogue/config.ts';
import { control } from './catalogue/control.ts';
import { development } from './catalogue/development.ts';
import { health } from './catalogue/health.ts';
import { http } from './catalogue/http.ts';
import { limits } from './catalogue/limits.ts';
import { logging } from './catalogue/logging.ts';
import { processes } from './catalogue/processes.ts';
import { proxies } from './catalogue/proxies.ts';
import { rights } from './catalogue/rights.ts';
import { sockets } from './catalogue/sockets.ts';
import { status } from './catalogue/status.ts';
import { timeouts } from './catalogue/timeouts.ts';
import { tls } from './catalogue/tls.ts';
import { tracing } from './catalogue/tracing.ts';
import { workers } from './catalogue/workers.ts';
import type { Section, Setting } from './declaration.ts';

export const SECTIONS: readonly Section[] = [
  config,
  application,
  development,
  sockets,
  tls,
  workers,
  processes,
  rights,
  timeouts,
  limits,
  clients,
  bodies,
  health,
  control,
  status,
  tracing,
  proxies,
  http,
  logging,
];

const declared = {
  ...config.settings,
  ...application.settings,
  ...development.settings,
  ...sockets.settings,
  ...tls.settings,
  ...workers.settings,
  ...processes.settings,
  ...rights.settings,
  ...timeouts.settings,
  ...limits.settings,
  ...clients.settings,
  ...bodies.settings,
  ...health.settings,
  ...control.settings,
  ...status.settings,
  ...tracing.settings,
  ...proxies.settings,
  ...http.settings,
  ...logging.settings,
} as const;

/** The declarations with their literal types, from which the types of settings and config files are inferred. */
export type Catalogue = typeof declared;
export type SettingName = keyof Catalogue;

/** Every setting by name. */
export const CATALOGUE: { readonly [N in SettingName]: Setting } = declared;

/** Names in the order of the book. */
export const SETTING_NAMES = Object.keys(declared) as readonly SettingName[];

/** The setting of that name, or of that name in a config file. */
export function settingNamed(name: string): SettingName | null {
  if (Object.hasOwn(CATALOGUE, name)) return name as SettingName;
  return SETTING_NAMES.find((known) => CATALOGUE[known].aliases?.includes(name)) ?? null;
}
