// Hears from the system when something changes in a folder (inotify on Linux). A folder, not a file: editors put a new
// file in the place of the old one, and who watches the old one hears no more. Says only that something may have changed.

import { type FSWatcher, statSync, watch } from 'node:fs';
import { messageOf } from '../../message-of.ts';

export interface FolderListener {
  /** `name`: of the file or folder in it; null where the system does not say. */
  touched(folder: string, name: string | null): void;
  /** Nothing will be heard of this folder: a clause that says why. */
  deaf(folder: string, why: string): void;
}

interface Watched {
  readonly watcher: FSWatcher;
  readonly inode: number;
}

export class FolderEvents {
  readonly #listener: FolderListener;
  readonly #watched = new Map<string, Watched>();

  constructor(listener: FolderListener) {
    this.#listener = listener;
  }

  /** These from now on. One that was put in the place of another of its name is watched anew. */
  listenTo(folders: ReadonlySet<string>): void {
    for (const folder of this.#watched.keys()) if (!folders.has(folder)) this.#drop(folder);
    for (const folder of folders) {
      const inode = inodeOf(folder);
      if (this.#watched.get(folder)?.inode === inode) continue;
      this.#drop(folder);
      if (inode !== null) this.#listen(folder, inode);
    }
  }

  close(): void {
    for (const folder of [...this.#watched.keys()]) this.#drop(folder);
  }

  #listen(folder: string, inode: number): void {
    try {
      const watcher = watch(folder, (_, name) => this.#listener.touched(folder, name));
      // The arbiter lives by its workers, not by this.
      watcher.unref();
      watcher.on('error', (error) => {
        this.#drop(folder);
        this.#listener.deaf(folder, error.message);
      });
      this.#watched.set(folder, { watcher, inode });
    } catch (error) {
      this.#listener.deaf(folder, messageOf(error));
    }
  }

  #drop(folder: string): void {
    this.#watched.get(folder)?.watcher.close();
    this.#watched.delete(folder);
  }
}

function inodeOf(folder: string): number | null {
  try {
    return statSync(folder).ino;
  } catch {
    return null;
  }
}
