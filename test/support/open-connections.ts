// Counts a server's open TCP connections from outside, in the kernel's own table: what the server says of itself must
// agree with this.

import { readFileSync } from 'node:fs';

const established = '01';
const closeWait = '08';

/**
 * Connections that a process has accepted on local TCP `port` and not closed. Those that still wait in the kernel's
 * queue belong to no process (inode 0) and are not counted; a connection whose client has closed first is.
 *
 * The kernel hands its table out in pieces, so one reading may show a connection that closed and its successor. What
 * stands in two readings was open between them, all of it at once.
 */
export function openConnections(port: number): number {
  const before = acceptedOn(port);
  return [...acceptedOn(port)].filter((inode) => before.has(inode)).length;
}

/** The sockets of accepted connections, by inode: one reading may show the same socket twice. */
function acceptedOn(port: number): Set<string | undefined> {
  const accepted = rows(port).filter(({ state, inode }) => inode !== '0' && isOpen(state));
  return new Set(accepted.map(({ inode }) => inode));
}

/** Connections that wait in the kernel's queue until somebody accepts them. */
export function queuedConnections(port: number): number {
  return rows(port).filter(({ state, inode }) => inode === '0' && isOpen(state)).length;
}

/** The other side has said nothing of an end to a client's connection, which is on this local port. */
export function isEstablished(localPort: number): boolean {
  return rows(localPort).some(({ state }) => state === established);
}

function isOpen(state: string | undefined): boolean {
  return state === established || state === closeWait;
}

function rows(port: number): { state: string | undefined; inode: string | undefined }[] {
  const wanted = port.toString(16).toUpperCase().padStart(4, '0');
  const found: { state: string | undefined; inode: string | undefined }[] = [];
  for (const table of ['/proc/net/tcp', '/proc/net/tcp6']) {
    // sl local_address rem_address st tx:rx tr:when retrnsmt uid timeout inode
    for (const line of readFileSync(table, 'latin1').split('\n')) {
      const [, local, , state, , , , , , inode] = line.trim().split(/\s+/);
      if (local?.split(':')[1] === wanted) found.push({ state, inode });
    }
  }
  return found;
}
