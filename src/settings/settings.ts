// The resolved settings as everybody else sees them: one flat, read-only object, names as Gunicorn has them. Its type
// follows from the catalogue; durations are in seconds, sizes in bytes, paths absolute.

import type { Catalogue, SettingName } from './catalogue.ts';
import type { ValueOf } from './declaration.ts';

/** Plain data: it travels to workers as it is. */
export type Settings = { readonly [N in SettingName]: ValueOf<Catalogue[N]> };
