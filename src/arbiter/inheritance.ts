// What an arbiter hands to the next one (SIGUSR2): its listening sockets as open descriptors, the secret of its TLS session
// tickets through a pipe, and in one environment variable what each of them is and whose child it is. Whoever finds the
// variable and is not that child ignores it.

import { closeSync, readSync } from 'node:fs';
import { Writable } from 'node:stream';
import { TICKET_SECRET_BYTES } from './ticket-keys.ts';

/** Descriptors beside standard input, output and error begin here. */
const FIRST_FD = 3;
const VARIABLE = 'TUNICORN_UPGRADE';

export interface Inheritance {
  /** The arbiter that started this one, and lives as long as it is our parent. */
  readonly parent: number;
  /** Descriptors by the address that they listen on, as listeners.ts writes it. */
  readonly sockets: ReadonlyMap<string, number>;
  /** They are systemd's, and stand for whatever `bind` says. */
  readonly activated: boolean;
  /** null: it ended before it had said it. */
  readonly ticketSecret: Buffer | null;
}

/** The variables for the next arbiter, which is given descriptors for `binds` in this order, from `FIRST_FD` on, and one more for the secret. */
export function bequest(binds: readonly string[], activated: boolean): NodeJS.ProcessEnv {
  const sockets = binds.map((bind, index) => [bind, FIRST_FD + index]);
  const secret = FIRST_FD + binds.length;
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
  readonly sockets: readonly (readonly [string, number])[];
  readonly activated: boolean;
  /** Its descriptor. */
  readonly secret: number;
}

/** Whether another arbiter has started this one. Takes nothing. */
export function isHeir(env: NodeJS.ProcessEnv): boolean {
  const text = env[VARIABLE];
  return text !== undefined && (JSON.parse(text) as Bequest).parent === process.ppid;
}

/** What this process was handed; null when it was started by anybody else. The variable is gone after that: it is not for our children. */
export function takeInheritance(env: NodeJS.ProcessEnv): Inheritance | null {
  const text = env[VARIABLE];
  delete env[VARIABLE];
  if (text === undefined) return null;
  const { parent, sockets, activated, secret } = JSON.parse(text) as Bequest;
  if (parent !== process.ppid) return null;
  return { parent, sockets: new Map(sockets), activated, ticketSecret: takeSecret(secret) };
}

/** Waits for it: it was written before this process ran its first line. */
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
