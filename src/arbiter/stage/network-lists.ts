// Reads the networks that allow, deny and limit_exempt name, those in files included, at the start and at each reload. The arbiter
// does it: what is wrong is told once and before anybody serves, and workers need not be able to read the files.

import { readFileSync } from 'node:fs';
import { messageOf } from '../../message-of.ts';
import { filePathIn, NetworkError, parseNetwork } from '../../settings/networks.ts';
import type { Sources } from '../../settings/resolve.ts';
import { SettingError } from '../../settings/setting-error.ts';
import type { Settings } from '../../settings/settings.ts';
import { placeOf } from '../../settings/source.ts';
import type { ClientNetworks } from '../../wire/arbiter-worker.ts';

type ListName = 'allow' | 'deny' | 'limit_exempt';

/**
 * @param sources where each was set; null: nobody knows
 * @throws SettingError that names the setting, the file, the line and what would be right
 */
export function readNetworkLists(
  settings: Pick<Settings, ListName>,
  sources: Sources | null,
): ClientNetworks {
  const read = (name: ListName): string[] =>
    settings[name].flatMap((item) => {
      const path = filePathIn(item);
      return path === null ? [item] : networksIn({ name, item, sources }, path);
    });
  const allow = read('allow');
  if (settings.allow.length > 0 && allow.length === 0) {
    const item = settings.allow.join(', ');
    throw wrong(
      { name: 'allow', item, sources },
      `names no network (${item}): nobody would be served`,
      'Leave it out to serve everybody.',
    );
  }
  return {
    allow: settings.allow.length === 0 ? null : allow,
    deny: read('deny'),
    exempt: read('limit_exempt'),
  };
}

/** One item of a list. */
interface Listed {
  readonly name: ListName;
  readonly item: string;
  readonly sources: Sources | null;
}

/** "deny on the command line (--deny) names ..." */
function wrong({ name, item, sources }: Listed, what: string, suggestion: string): SettingError {
  const source = sources?.[name] ?? null;
  const place = source === null ? '' : ` ${placeOf(source)}`;
  const problem = `${name}${place} ${what}.`;
  const rule = 'networks, and files of them';
  return new SettingError({
    code: 'bad-value',
    setting: name,
    value: item,
    source,
    rule,
    problem,
    suggestion,
  });
}

/** One or more on each line, parted by blanks or commas; what follows a # is for people. */
function networksIn(listed: Listed, path: string): string[] {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    const what = `names ${path}, which cannot be read (${messageOf(error)})`;
    throw wrong(listed, what, 'It must be a file with one or more networks on each line.');
  }
  return text.split('\n').flatMap((line, index) => {
    const networks = (line.split('#', 1)[0] ?? '').split(/[\s,]+/).filter((word) => word !== '');
    for (const network of networks) checkNetwork(listed, network, `${path}, line ${index + 1}`);
    return networks;
  });
}

function checkNetwork(listed: Listed, network: string, place: string): void {
  try {
    parseNetwork(network);
  } catch (error) {
    if (!(error instanceof NetworkError)) throw error;
    const right = 'no address and no network such as 10.0.0.0/8';
    const what = `names ${place}: ${JSON.stringify(network)} is ${right}: ${error.message}`;
    throw wrong(listed, what, '');
  }
}
