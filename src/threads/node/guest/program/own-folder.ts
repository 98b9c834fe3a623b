// The folder that a thread's program believes its process to be in. All threads of a worker share one, which the first of them
// may have changed before the second begins: a relative `process.chdir` means the same in all of them all the same, because each
// counts from where the server started it. Relative paths of node:fs go by the process.

import { accessSync, constants, realpathSync, statSync } from 'node:fs';
import { resolve } from 'node:path';

/** How long the I/O loop, which does nothing else while the application boots, may take to change the folder. */
const CHDIR_MS = 5000;

/** `start`: where the server is; `ask`: makes the process change, which a thread cannot. */
export function ownFolder(start: string, ask: (folder: string) => void): void {
  const processFolder = process.cwd;
  let folder = realpathSync(start);
  process.cwd = () => folder;
  process.chdir = (name: string) => {
    const real = enterable(name, resolve(folder, name));
    moveProcess(real, processFolder, ask);
    folder = real;
  };
}

/** As process.chdir says what is wrong with it. */
function enterable(name: string, path: string): string {
  if (!statSync(path).isDirectory()) {
    throw Object.assign(new Error(`ENOTDIR: not a directory, chdir '${name}'`), {
      code: 'ENOTDIR',
      syscall: 'chdir',
    });
  }
  accessSync(path, constants.X_OK);
  return realpathSync(path);
}

function moveProcess(to: string, where: () => string, ask: (folder: string) => void): void {
  if (where() === to) return;
  ask(to);
  const wait = new Int32Array(new SharedArrayBuffer(4));
  for (let waitedMs = 0; waitedMs < CHDIR_MS; waitedMs++) {
    if (where() === to) return;
    Atomics.wait(wait, 0, 0, 1);
  }
  throw new Error(`The worker did not change to ${to}. Start the server with --chdir ${to}.`);
}
