// How many connections wait in the kernel to be accepted (`enable_backlog_metric`), as /proc tells it: for a socket that listens, what
// /proc/net/tcp calls its receive queue is the number of those. Linux only, as in Gunicorn.

import { readlinkSync } from 'node:fs';
import { readFile } from 'node:fs/promises';

const LISTENS = '0A';

/** The sum over these descriptors, TCP sockets all of them; null where it cannot be known. */
export async function waitingToBeAccepted(fds: readonly number[]): Promise<number | null> {
  try {
    const inodes = new Set(fds.map(inodeOf));
    const tables = await Promise.all(
      ['/proc/self/net/tcp', '/proc/self/net/tcp6'].map((path) =>
        readFile(path, 'latin1').catch(() => ''),
      ),
    );
    return tables.reduce((sum, table) => sum + waitingIn(table, inodes), 0);
  } catch {
    return null;
  }
}

/** `table`: a header, then a line for each socket: number, local, remote, state, queues, ..., inode as the tenth word. */
export function waitingIn(table: string, inodes: ReadonlySet<string>): number {
  let sum = 0;
  for (const line of table.split('\n')) {
    // Most sockets of a busy machine do not listen: those are not taken apart.
    if (!line.includes(` ${LISTENS} `)) continue;
    const [, , , state, queues = '', , , , , inode = ''] = line.trim().split(/\s+/);
    if (state !== LISTENS || !inodes.has(inode)) continue;
    sum += Number.parseInt(queues.split(':')[1] ?? '0', 16);
  }
  return sum;
}

function inodeOf(fd: number): string {
  return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/self/fd/${fd}`))?.[1] ?? '';
}
