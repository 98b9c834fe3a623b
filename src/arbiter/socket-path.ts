// Makes the path of a unix socket free before it is bound. A socket file that nobody listens on is what a killed
// server leaves behind and is removed; one that answers, and anything that is not a socket, is somebody's.

import fs from 'node:fs/promises';
import net from 'node:net';
import { cannotListen } from './bind-error.ts';

/** Throws an Error with a sentence for people when the path is taken. */
export async function freeSocketPath(path: string): Promise<void> {
  const stats = await fs.lstat(path).catch(() => null);
  if (stats === null) return;
  if (!stats.isSocket()) {
    throw new Error(
      `Cannot listen on unix:${path}: there is a file, folder or link that is not a socket. Move it away, or choose another --bind.`,
    );
  }
  if (await answers(path)) throw cannotListen({ kind: 'unix', path }, 'EADDRINUSE');
  await fs.rm(path, { force: true });
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
