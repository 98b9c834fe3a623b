// Makes the path of a unix socket free before it is bound. A socket file that nobody listens on is what a killed
// server leaves behind and is removed; one that answers, and anything that is not a socket, is somebody's. What was bound then
// keeps an eye on its file, which anybody may remove or replace.

import { renameSync, rmSync, statSync } from 'node:fs';
import fs from 'node:fs/promises';
import net from 'node:net';
import { resolve } from 'node:path';
import { cannotListen } from './bind-error.ts';

/** Throws an Error with a sentence for people when the path is taken. `flag`: what would name another one. */
export async function freeSocketPath(path: string, flag = '--bind'): Promise<void> {
  const stats = await fs.lstat(path).catch(() => null);
  if (stats === null) return;
  if (!stats.isSocket()) {
    throw new Error(
      `Cannot listen on unix:${path}: there is a file, folder or link that is not a socket. Move it away, or choose another ${flag}.`,
    );
  }
  if (await answers(path)) throw cannotListen({ kind: 'unix', path }, 'EADDRINUSE', flag);
  await fs.rm(path, { force: true });
}

/** The file of a socket that is bound and open: so long its inode is nobody else's, also when the file was removed. */
export class SocketFile {
  /** As it was bound: a relative one means another file after a change of folder. */
  readonly #path: string;
  readonly #at: string;
  readonly #inode: string | null;

  constructor(path: string) {
    this.#path = path;
    this.#at = resolve(path);
    this.#inode = inodeOf(path);
  }

  /** Whoever connects to the path, as it is meant now, comes to this socket. */
  get isThere(): boolean {
    return this.#inode !== null && inodeOf(this.#path) === this.#inode;
  }

  /** Removes the file and calls `close`. libuv's removes whatever has the name by then: somebody else's is put aside for so long. */
  closeWith(close: () => void): void {
    if (this.#inode !== null && inodeOf(this.#at) === this.#inode) attempt(() => rmSync(this.#at));
    const aside = `${this.#path}.${process.pid}.aside`;
    const isAside = inodeOf(this.#path) !== null && attempt(() => renameSync(this.#path, aside));
    close();
    if (isAside) attempt(() => renameSync(aside, this.#path));
  }
}

function inodeOf(path: string): string | null {
  try {
    const { dev, ino } = statSync(path, { bigint: true });
    return `${dev}:${ino}`;
  } catch {
    return null;
  }
}

/** Where we may not, libuv may not either. */
function attempt(change: () => void): boolean {
  try {
    change();
    return true;
  } catch {
    return false;
  }
}

/**
 * A stale socket refuses at once. Every other outcome counts as alive, a full queue (EAGAIN) and a lack of permission
 * too: better an error than the socket of a running server removed.
 */
function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect({ path });
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', (error: NodeJS.ErrnoException) => {
      resolve(error.code !== 'ECONNREFUSED' && error.code !== 'ENOENT');
    });
  });
}
