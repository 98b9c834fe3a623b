// Finds out which files of the application have changed (`reload`). What workers have loaded is told to it as they load it;
// it looks at the files again when the system says that something happened in their folders, or every second or two, and
// tells of changes once they have come to rest: a checkout of a hundred files is one change.

import { readdirSync, type Stats, statSync } from 'node:fs';
import { dirname, extname, join } from 'node:path';
import type { Settings } from '../../settings/settings.ts';
import { FolderEvents } from './folder-events.ts';
import { isOurs, meantBy } from './path-pattern.ts';

export interface WatchParts {
  /** Milliseconds, monotonic. */
  now(): number;
  warn(message: string): void;
  /** These have changed, come or gone, and nothing more for a moment. */
  changed(paths: readonly string[]): void;
}

/** Longer than an editor takes to write a file and put it in its place. */
const QUIET_MS = 120;
/** Somebody who writes all the time is not waited for longer. */
const LONGEST_MS = 2_000;
const POLL_MS = { poll: 1_000, auto: 2_000, inotify: null } as const;
/** Looking at so many takes 80 ms. Whoever has more watches folders with a tool made for it. */
const FILES_MAX = 20_000;
/** What may be the file that a failed load lacked. */
const SOURCES = new Set('.py .so .js .mjs .cjs .ts .mts .cts .json .node .wasm'.split(' '));

type Engine = keyof typeof POLL_MS;

export class SourceWatch {
  readonly #parts: WatchParts;
  /** By path, what it was like; empty for one that is not there. */
  readonly #files = new Map<string, string>();
  #folders: ReadonlySet<string> = new Set();
  /** The application's, whatever was loaded. */
  #home = '';
  #extra: readonly string[] = [];
  /** Where files of `#extra` may appear. */
  #extraFolders: readonly string[] = [];
  #engine: Engine | null = null;
  #events: FolderEvents | null = null;
  #poll: NodeJS.Timeout | null = null;
  #rest: NodeJS.Timeout | null = null;
  #changed = new Set<string>();
  #notes = 0;
  #sinceMs = 0;
  /** What stood in each folder when the application could not be loaded; null while it can. */
  #before: ReadonlyMap<string, ReadonlySet<string>> | null = null;
  #isFull = false;

  constructor(parts: WatchParts) {
    this.#parts = parts;
  }

  /** As the settings say, from now on: also whether anything is watched at all. What was loaded stays known. */
  configure({ reload, reload_engine: engine, reload_extra_files: extra, chdir }: Settings): void {
    this.#home = chdir;
    this.#extra = extra;
    if (!reload) this.close();
    else this.#begin(engine);
    if (reload) this.#addMeant(false);
    this.#listen();
  }

  /**
   * A worker has loaded these. One that was written after `sinceMs` (wall clock), from when on it can have been loaded, may be
   * another one by now, and counts as changed.
   */
  loaded(paths: readonly string[], sinceMs: number): void {
    for (const path of paths) {
      if (this.#files.has(path) || !this.#hasRoom()) continue;
      const found = statsOf(path);
      this.#files.set(path, looksOf(found));
      if (found !== null && found.mtimeMs > sinceMs) this.#note(path);
    }
    this.#listen();
  }

  /** The application could not be loaded: what appears beside its files may mend that. */
  hope(): void {
    this.#before = new Map([...this.#folders].map((folder) => [folder, new Set(namesIn(folder))]));
  }

  /** It could. */
  beContent(): void {
    this.#before = null;
  }

  close(): void {
    this.#engine = null;
    this.#events?.close();
    this.#events = null;
    if (this.#poll !== null) clearInterval(this.#poll);
    if (this.#rest !== null) clearTimeout(this.#rest);
    this.#poll = null;
    this.#rest = null;
    this.#changed = new Set();
  }

  #begin(engine: Engine): void {
    if (engine === this.#engine) return;
    this.close();
    this.#engine = engine;
    if (engine !== 'poll') {
      this.#events = new FolderEvents({
        touched: (folder, name) => this.#touched(folder, name),
        deaf: (folder, why) => this.#deaf(folder, why),
      });
    }
    const { [engine]: everyMs } = POLL_MS;
    if (everyMs !== null) this.#lookEvery(everyMs);
  }

  #lookEvery(ms: number): void {
    this.#poll ??= setInterval(() => this.#look(), ms).unref();
  }

  /** Where nothing is heard we look. `auto` does anyway. */
  #deaf(folder: string, why: string): void {
    if (this.#poll !== null) return;
    this.#parts.warn(`Changes in ${folder} are not told (${why}): looking once a second instead.`);
    this.#lookEvery(POLL_MS.poll);
  }

  #touched(folder: string, name: string | null): void {
    const path = name === null ? folder : join(folder, name);
    const isKnown = this.#files.has(path) || this.#folders.has(path);
    if (isKnown || this.#extra.length > 0 || this.#before !== null) this.#lookSoon();
  }

  #look(): void {
    for (const [path, before] of this.#files) {
      const now = looksOf(statsOf(path));
      if (now === before) continue;
      this.#files.set(path, now);
      this.#note(path);
    }
    this.#addMeant(true);
    for (const [folder, names] of this.#before ?? []) {
      for (const name of namesIn(folder)) {
        const path = join(folder, name);
        if (!names.has(name) && !this.#changed.has(path)) this.#note(path);
      }
    }
    this.#listen();
  }

  /** What the extra paths mean; `news`: one that was not known is a change. */
  #addMeant(news: boolean): void {
    const meant = this.#extra.map(meantBy);
    this.#extraFolders = meant.flatMap(({ folders }) => folders);
    for (const path of meant.flatMap(({ files }) => files)) {
      if (this.#files.has(path) || !this.#hasRoom()) continue;
      this.#files.set(path, looksOf(statsOf(path)));
      if (news) this.#note(path);
    }
  }

  #note(path: string): void {
    if (this.#engine === null) return;
    if (this.#changed.size === 0) this.#sinceMs = this.#parts.now();
    this.#changed.add(path);
    this.#notes += 1;
    this.#lookSoon();
  }

  #lookSoon(): void {
    this.#rest ??= setTimeout(() => this.#rested(), QUIET_MS);
  }

  /** Whoever still writes is seen by looking again: then there is more than before. */
  #rested(): void {
    this.#rest = null;
    const notes = this.#notes;
    this.#look();
    const more = this.#notes > notes && this.#parts.now() - this.#sinceMs < LONGEST_MS;
    if (more || this.#changed.size === 0) return;
    const paths = [...this.#changed];
    this.#changed = new Set();
    // One appearance, one attempt.
    if (this.#before !== null) this.hope();
    this.#parts.changed(paths);
  }

  #hasRoom(): boolean {
    if (this.#files.size < FILES_MAX) return true;
    if (!this.#isFull) {
      this.#parts.warn(`More than ${FILES_MAX} files to watch: the others are not.`);
    }
    this.#isFull = true;
    return false;
  }

  #listen(): void {
    if (this.#engine === null) return;
    const folders = new Set([this.#home, ...this.#extraFolders]);
    for (const path of this.#files.keys()) folders.add(dirname(path));
    this.#folders = folders;
    this.#events?.listenTo(folders);
  }
}

/** null: nothing is there. */
function statsOf(path: string): Stats | null {
  try {
    return statSync(path);
  } catch {
    return null;
  }
}

/** Differs when another file stands there or the same one was written. */
function looksOf(found: Stats | null): string {
  return found === null ? '' : `${found.mtimeMs} ${found.size} ${found.ino}`;
}

/** Sources and folders: packages of what the application may have wanted. */
function namesIn(folder: string): string[] {
  try {
    const entries = readdirSync(folder, { withFileTypes: true });
    return entries
      .filter(
        (each) => isOurs(each.name) && (each.isDirectory() || SOURCES.has(extname(each.name))),
      )
      .map(({ name }) => name);
  } catch {
    return [];
  }
}
