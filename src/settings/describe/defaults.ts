// The default of a setting, for pages about something else.

import { CATALOGUE, settingNamed } from '../catalogue.ts';

/** @throws when there is no such setting, or it is not a length of time */
export function defaultSeconds(name: string): number {
  const found = settingNamed(name);
  const setting = found === null ? undefined : CATALOGUE[found];
  if (setting?.kind !== 'seconds') throw new Error(`${name} is no setting of a length of time`);
  return setting.default;
}
