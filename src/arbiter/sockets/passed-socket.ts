// What a socket is that somebody else has bound and passed on as a descriptor (fd://N, socket activation): where clients find
// it, and whether it can be listened on at all. Node.js tells neither for unix sockets, so Linux is asked in /proc; where
// there is none the descriptor is taken on trust.

import { fstatSync, readFileSync } from 'node:fs';

export type PassedSocket =
  | { readonly kind: 'tcp' }
  /** `path` as it was bound, `@name` for an abstract one; empty where it cannot be found out. */
  | { readonly kind: 'unix'; readonly path: string };

/**
 * Looks at the socket that was passed as descriptor `fd`; `now`: its number in this process, where that is another.
 * @throws Error with a sentence for people when nobody can listen on it
 */
export function passedSocket(fd: number, now = fd): PassedSocket {
  const inode = inodeOf(fd, now);
  const unix = rowsOf('/proc/net/unix').find((row) => row[6] === inode);
  if (unix !== undefined) return unixSocket(fd, unix);
  for (const table of ['/proc/net/tcp', '/proc/net/tcp6']) {
    const tcp = rowsOf(table).find((row) => row[9] === inode);
    if (tcp !== undefined && tcp[3] !== TCP_LISTEN) throw unfit(fd, CONNECTED);
  }
  for (const table of ['/proc/net/udp', '/proc/net/udp6']) {
    if (rowsOf(table).some((row) => row[9] === inode)) throw unfit(fd, NO_STREAM);
  }
  return { kind: 'tcp' };
}

/** States and flags as Linux writes them (net/tcp_states.h, net/unix/af_unix.c), in hexadecimal. */
const TCP_LISTEN = '0A';
const UNIX_STREAM = '0001';
const UNIX_UNCONNECTED = '01';

const CONNECTED =
  'is a connection and not a socket that listens. A socket unit of systemd needs Accept=no';
const NO_STREAM = 'is a socket for datagrams. A socket unit of systemd needs ListenStream';

function unfit(fd: number, why: string): Error {
  return new Error(`Cannot listen on fd://${fd}: descriptor ${fd} ${why}.`);
}

function inodeOf(fd: number, now: number): string {
  let isSocket: boolean;
  let inode: number;
  try {
    const stat = fstatSync(now);
    isSocket = stat.isSocket();
    inode = stat.ino;
  } catch {
    throw unfit(fd, 'was not passed to this process');
  }
  if (!isSocket) throw unfit(fd, 'is no socket');
  return String(inode);
}

/** Num RefCount Protocol Flags Type St Inode Path */
function unixSocket(fd: number, row: readonly string[]): PassedSocket {
  const [, , , , type, state, , ...path] = row;
  if (type !== UNIX_STREAM) throw unfit(fd, NO_STREAM);
  if (state !== UNIX_UNCONNECTED) throw unfit(fd, CONNECTED);
  return { kind: 'unix', path: path.join(' ') };
}

function rowsOf(table: string): string[][] {
  let text: string;
  try {
    text = readFileSync(table, 'utf8');
  } catch {
    return [];
  }
  return text.split('\n').map((line) => line.trim().split(/ +/));
}
