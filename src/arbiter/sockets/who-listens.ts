// Finds out which process holds a port or a unix socket path, so that "address in use" can name it. Linux only, read
// from /proc; elsewhere, and for processes of other users, the answer is null and the error says less.

import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

export interface Holder {
  readonly pid: number;
  /** The short command name, "node", or the whole title of one of our own. */
  readonly name: string;
}

/** The process that listens on TCP `port`, on whatever address. */
export function whoListensOnPort(port: number): Holder | null {
  return whoHolds([
    ...inodesOfPort('/proc/net/tcp', port),
    ...inodesOfPort('/proc/net/tcp6', port),
  ]);
}

/** The process whose unix socket is bound to `path`. */
export function whoListensOnPath(path: string): Holder | null {
  const inodes: string[] = [];
  // Num RefCount Protocol Flags Type St Inode Path
  for (const line of linesOf('/proc/net/unix')) {
    const columns = line.trim().split(/\s+/);
    if (columns.slice(7).join(' ') === path && columns[6] !== undefined) inodes.push(columns[6]);
  }
  return whoHolds(inodes);
}

const listening = '0A';

function inodesOfPort(table: string, port: number): string[] {
  const wanted = port.toString(16).toUpperCase().padStart(4, '0');
  const inodes: string[] = [];
  // sl local_address rem_address st tx:rx tr:when retrnsmt uid timeout inode
  for (const line of linesOf(table)) {
    const [, local, , state, , , , , , inode] = line.trim().split(/\s+/);
    if (local?.split(':')[1] === wanted && state === listening && inode) inodes.push(inode);
  }
  return inodes;
}

/** Looks through every process's descriptors: tens of milliseconds, and only on the way to an error. */
function whoHolds(inodes: readonly string[]): Holder | null {
  const links = new Set(inodes.map((inode) => `socket:[${inode}]`));
  if (links.size === 0) return null;
  for (const entry of namesIn('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    for (const fd of namesIn(`/proc/${entry}/fd`)) {
      if (links.has(linkOf(`/proc/${entry}/fd/${fd}`))) {
        return { pid: Number(entry), name: nameOf(entry) };
      }
    }
  }
  return null;
}

/** The kernel keeps 15 characters of a name; ours are longer, and stand where the command line was. */
function nameOf(pid: string): string {
  const short = (linesOf(`/proc/${pid}/comm`)[0] ?? '').trim();
  const title = (linesOf(`/proc/${pid}/cmdline`)[0] ?? '').replace(/\0+$/, '');
  return title.startsWith('tunicorn: ') && title.startsWith(short) ? title : short;
}

// A process may end, and a folder may be closed to us, at any moment of the walk: nothing found is the right answer.

function linesOf(path: string): string[] {
  try {
    return readFileSync(path, 'utf8').split('\n');
  } catch {
    return [];
  }
}

function namesIn(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}
