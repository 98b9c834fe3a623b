// Whether the files that the settings name can be written where they are to be, asked before anything starts: whoever opens
// them later, the arbiter or a worker, does not know which setting named them, nor where it stands.

import { accessSync, constants } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { parseBind } from './bind.ts';
import type { SettingName } from './catalogue.ts';
import type { Resolved } from './resolve.ts';
import { quote, SettingError } from './setting-error.ts';
import { placeOf } from './source.ts';
import { whatIsAt } from './what-is-there.ts';

/**
 * @param bindsItself false: somebody else has bound the sockets, and `bind` does not count
 * @throws SettingError; without a source, because Gunicorn exits with 1 here, wherever the name came from
 */
export function checkFiles({ settings, sources }: Resolved, bindsItself: boolean): void {
  const wrong = (setting: SettingName, value: string, rule: string, why: string): SettingError =>
    new SettingError({
      code: 'bad-value',
      setting,
      value,
      source: null,
      rule,
      problem: `${setting} must be ${rule}: ${quote(value)} ${placeOf(sources[setting])} is not: ${why}.`,
      suggestion: '',
    });
  // Somebody else opens logs then.
  const asOther = settings.user !== null || settings.group !== null;
  for (const name of ['errorlog', 'accesslog'] as const) {
    const path = settings[name];
    const why = path === null || path === '-' ? null : whyNoFile(path, asOther);
    if (path !== null && why !== null) throw wrong(name, path, 'a file that can be written', why);
  }
  const { pidfile } = settings;
  const why = pidfile === null ? null : whyNoNewFile(resolve(settings.chdir, pidfile));
  if (pidfile !== null && why !== null) {
    throw wrong('pidfile', pidfile, 'a file that can be written', why);
  }
  for (const bind of bindsItself ? settings.bind : []) {
    const address = parseBind(bind);
    if (address.kind !== 'unix') continue;
    const path = resolve(settings.chdir, address.path);
    // What is there is looked at by whoever binds: it may be a socket of ours.
    const problem = whatIsAt(path) === null ? whyNoNewFile(path) : null;
    if (problem !== null) throw wrong('bind', bind, 'where a socket can be made', problem);
  }
}

/** Written as it is. */
function whyNoFile(path: string, asOther: boolean): string | null {
  const folder = dirname(path);
  const found = whatIsAt(path);
  if (found?.isDirectory()) return 'it is a folder';
  if (found === null && !whatIsAt(folder)?.isDirectory()) return `no folder ${folder} can be found`;
  return asOther ? null : whyClosed(found === null ? folder : path);
}

/** Made anew, or put in the place of what is there. */
function whyNoNewFile(path: string): string | null {
  if (whatIsAt(path)?.isDirectory()) return 'it is a folder';
  const folder = dirname(path);
  if (!whatIsAt(folder)?.isDirectory()) return `no folder ${folder} can be found`;
  return whyClosed(folder);
}

function whyClosed(path: string): string | null {
  try {
    accessSync(path, constants.W_OK);
    return null;
  } catch {
    return 'permission denied';
  }
}
