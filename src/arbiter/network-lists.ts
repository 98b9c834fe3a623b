// Reads the networks that allow, deny and limit_exempt name, those in files included, at the start and at each reload. The arbiter
// does it: what is wrong is told once and before anybody serves, and workers need not be able to read the files.

import { readFileSync } from 'node:fs';
import { messageOf } from '../message-of.ts';
import { filePathIn, NetworkError, parseNetwork } from '../settings/networks.ts';
import type { Settings } from '../settings/settings.ts';
import type { ClientNetworks } from '../wire/arbiter-worker.ts';

type ListName = 'allow' | 'deny' | 'limit_exempt';

/** @throws Error with a sentence for people that names the setting, the file, the line and what would be right */
export function readNetworkLists(settings: Pick<Settings, ListName>): ClientNetworks {
  const allow = networksOf('allow', settings.allow);
  if (settings.allow.length > 0 && allow.length === 0) {
    throw new Error(
      `allow names no network (${settings.allow.join(', ')}): nobody would be served. Leave it out to serve everybody.`,
    );
  }
  return {
    allow: settings.allow.length === 0 ? null : allow,
    deny: networksOf('deny', settings.deny),
    exempt: networksOf('limit_exempt', settings.limit_exempt),
  };
}

function networksOf(name: ListName, items: readonly string[]): string[] {
  return items.flatMap((item) => {
    const path = filePathIn(item);
    return path === null ? [item] : networksIn(name, path);
  });
}

/** One or more on each line, parted by blanks or commas; what follows a # is for people. */
function networksIn(name: ListName, path: string): string[] {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new Error(`${name} names a file that cannot be read: ${messageOf(error)}.`);
  }
  return text.split('\n').flatMap((line, index) => {
    const networks = (line.split('#', 1)[0] ?? '').split(/[\s,]+/).filter((word) => word !== '');
    for (const network of networks) checkNetwork(network, `${name}: ${path}, line ${index + 1}`);
    return networks;
  });
}

function checkNetwork(network: string, place: string): void {
  try {
    parseNetwork(network);
  } catch (error) {
    if (!(error instanceof NetworkError)) throw error;
    throw new Error(
      `${place}: ${JSON.stringify(network)} is no address and no network such as 10.0.0.0/8: ${error.message}.`,
    );
  }
}
