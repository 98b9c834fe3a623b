// What an arbiter hands to the next one (SIGUSR2): its listening sockets as open descriptors, the secret of its TLS session
// tickets through a pipe, and in one environment variable what each of them is. Whoever finds the variable and does not have
// these sockets ignores it. Not by whose child it is: the other may have left before this one has read its settings.

import { closeSync, fstatSync, readSync } from 'node:fs';
import { resolve } from 'node:path';
import { Writable } from 'node:stream';
import { parseBind } from '../../settings/bind.ts';
import { freeSocketPath } from '../sockets/socket-path.ts';
import { TICKET_SECRET_BYTES } from '../stage/ticket-keys.ts';

/** Descriptors beside standard input, output and error begin here. */
const FIRST_FD = 3;
const VARIABLE = 'TUNICORN_UPGRADE';

export interface Inheritance {
  /** The arbiter that started this one, and lives as long as it is our parent; it may have left already. */
  readonly parent: number;
  /** Descriptors by the address that they listen on, as listeners.ts writes it. */
  readonly sockets: ReadonlyMap<string, number>;
  /** They are systemd's, and stand for whatever `bind` says. */
  readonly activated: boolean;
  /** null: it ended before it had said it. */
  readonly ticketSecret: Buffer | null;
}

/** The variables for the next arbiter, which is given these sockets in this order, from `FIRST_FD` on, and one more for the secret. */
export function bequest(
  ours: readonly { readonly bind: string; readonly fd: number }[],
  activated: boolean,
): NodeJS.ProcessEnv {
  const sockets = ours.map(({ bind, fd }, index) => [bind, FIRST_FD + index, inodeOf(fd)]);
  const secret = FIRST_FD + ours.length;
  return { [VARIABLE]: JSON.stringify({ parent: process.pid, sockets, activated, secret }) };
}

/** Into our end of the descriptor for it: what stands in an environment can be read in /proc. */
export function bequeathSecret(pipe: unknown, secret: Buffer): void {
  // Not there when the process could not be started.
  if (!(pipe instanceof Writable)) return;
  // A new arbiter that ends at once does not read it.
  pipe.on('error', () => undefined);
  pipe.end(secret);
}

interface Bequest {
  readonly parent: number;
  /** Address, descriptor, and which socket that is. */
  readonly sockets: readonly (readonly [string, number, number | null])[];
  readonly activated: boolean;
  /** Its descriptor. */
  readonly secret: number;
}

/** Whether another arbiter has started this one. Takes nothing. */
export function isHeir(env: NodeJS.ProcessEnv): boolean {
  return bequestIn(env) !== null;
}

/** What this process was handed; null when it was started by anybody else. The variable is gone after that: it is not for our children. */
export function takeInheritance(env: NodeJS.ProcessEnv): Inheritance | null {
  const found = bequestIn(env);
  delete env[VARIABLE];
  if (found === null) return null;
  const { parent, activated, secret } = found;
  const sockets = new Map(found.sockets.map(([bind, fd]) => [bind, fd]));
  return { parent, sockets, activated, ticketSecret: takeSecret(secret) };
}

/**
 * Closes those sockets that are not among `kept`: nobody would ever accept there, and clients would wait. The function that it answers
 * removes the files of unix sockets, which the other arbiter needs as long as it lives. It never rejects.
 */
export function closeAbandoned(
  { sockets }: Pick<Inheritance, 'sockets'>,
  kept: readonly { readonly bind: string }[],
): () => Promise<void> {
  const paths: string[] = [];
  for (const [bind, fd] of sockets) {
    if (kept.some((each) => each.bind === bind)) continue;
    closeSync(fd);
    const address = parseBind(bind);
    if (address.kind === 'unix') paths.push(resolve(address.path));
  }
  return async () => {
    // A file of that name on which somebody listens is another's by then.
    for (const path of paths) await freeSocketPath(path).catch(() => undefined);
  };
}

/** Nobody has the same sockets under the same numbers by chance. */
function bequestIn(env: NodeJS.ProcessEnv): Bequest | null {
  const text = env[VARIABLE];
  if (text === undefined) return null;
  const found = bequestOf(text);
  const isOurs = found?.sockets.every(([, fd, inode]) => inode !== null && inodeOf(fd) === inode);
  return isOurs && found !== null && found.sockets.length > 0 ? found : null;
}

/** null: an arbiter has not written that. */
function bequestOf(text: string): Bequest | null {
  try {
    const found = JSON.parse(text) as Partial<Bequest> | null;
    return Array.isArray(found?.sockets) && found.sockets.every(Array.isArray)
      ? (found as Bequest)
      : null;
  } catch {
    return null;
  }
}

/** null: no open socket. */
function inodeOf(fd: number): number | null {
  try {
    const stats = fstatSync(fd);
    return stats.isSocket() ? stats.ino : null;
  } catch {
    return null;
  }
}

/** Waits for it: it was written before this process ran its first line, or is not any more. */
function takeSecret(fd: number): Buffer | null {
  const secret = Buffer.alloc(TICKET_SECRET_BYTES);
  let at = 0;
  let taken: number;
  do {
    taken = readSync(fd, secret, at, secret.length - at, null);
    at += taken;
  } while (taken > 0 && at < secret.length);
  closeSync(fd);
  return at === secret.length ? secret : null;
}
