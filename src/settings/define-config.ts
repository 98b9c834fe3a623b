// For config files: the type of what a tunicorn.config.ts may export, and a function that does nothing but give an
// editor that type.

import type { Catalogue, SettingName } from './catalogue.ts';
import type { WrittenValueOf } from './declaration.ts';
import type { ArbiterHooks, WorkerHooks } from './hook-types.ts';

export type * from './hook-types.ts';

/** What a config file may say: every setting but `config` itself, and server hooks. Durations in seconds, sizes in bytes or as "16m". */
export type TunicornConfig = {
  readonly [N in Exclude<SettingName, 'config'>]?: WrittenValueOf<Catalogue[N]>;
} & {
  /** Gunicorn's name for `app`. */
  readonly wsgi_app?: string;
} & ArbiterHooks &
  WorkerHooks;

/** `export default defineConfig({ workers: 4 })`: checked and completed by an editor, otherwise the object itself. */
export function defineConfig(config: TunicornConfig): TunicornConfig {
  return config;
}
