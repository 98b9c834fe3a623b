// Opens log files, and never waits for who reads them. Where the workers run as another user than the arbiter, the arbiter opens as root what stands in folders that this
// user may be able to change: there it follows no symbolic link that somebody else can have put there, on no part of the way,
// and takes nothing but plain files with one name, and devices.

import fs from 'node:fs';
import { resolve } from 'node:path';
import { messageOf } from '../message-of.ts';

export class LogFileError extends Error {
  override readonly name = 'LogFileError';
  readonly code = 'log-unwritable';
}

const MODE = 0o644;

/**
 * For appending; made if it is not there. A pipe that nobody reads is refused.
 * @param guarded others may have had their hands on the way to it
 * @throws LogFileError
 */
export function openLogFile(path: string, guarded: boolean): number {
  return orSay(path, () => (guarded ? walkTo(path).fd : fs.openSync(path, PLAINLY, MODE)));
}

/**
 * The same for the first time: a pipe that nobody reads is opened for reading as well, which waits for nobody. So whoever
 * comes next to read it finds the lines, and while a reader is started anew workers can be.
 * @throws LogFileError
 */
export function openFirstLogFile(path: string, guarded: boolean): number {
  try {
    return openLogFile(path, guarded);
  } catch (error) {
    if (guarded || !isUnread(error)) throw error;
    return orSay(path, () => fs.openSync(path, O_RDWR | O_NONBLOCK | O_NOCTTY));
  }
}

function isUnread(error: unknown): boolean {
  const cause = error instanceof Error ? error.cause : null;
  return cause instanceof Error && 'code' in cause && cause.code === 'ENXIO';
}

/**
 * A plain file for the user that the workers run as; null for a device or a standard stream, which is nobody's to give away.
 * @throws LogFileError
 */
export function openOwnFile(path: string): number | null {
  const { fd, isPlain } = orSay(path, () => walkTo(path));
  if (isPlain) return fd;
  fs.closeSync(fd);
  return null;
}

function orSay<T>(path: string, open: () => T): T {
  try {
    return open();
  } catch (error) {
    throw new LogFileError(`Cannot open the log file ${path}: ${reasonOf(error)}.`, {
      cause: error,
    });
  }
}

/** "permission denied", without the code before it and the system call and path behind it. */
function reasonOf(error: unknown): string {
  const message = messageOf(error);
  if (message.startsWith('ENXIO')) return 'it is a pipe or a socket that nobody reads';
  return message.replace(/^E[A-Z]+: /, '').replace(/, open '.*'$/s, '');
}

const { O_APPEND, O_CREAT, O_DIRECTORY, O_NOCTTY, O_NOFOLLOW, O_NONBLOCK, O_RDWR, O_WRONLY } =
  fs.constants;
/** Of Linux, and not among Node.js's constants: to go on from, without the right to read it. */
const O_PATH = 0o10000000;
const FOLDER = O_PATH | O_DIRECTORY | O_NOFOLLOW;
/** Neither the opening nor a write waits, for a pipe or a terminal: sink.ts comes again. */
const STANDING = O_WRONLY | O_APPEND | O_NONBLOCK | O_NOCTTY;
const PLAINLY = STANDING | O_CREAT;
const FILE = PLAINLY | O_NOFOLLOW;

/** As many as the kernel follows. */
const LINKS_MAX = 40;

/** Links that the kernel makes, to what this process (or the first one of a container) has open already. */
const STREAM = /^\/dev\/(stdout|stderr|fd\/\d+)$|^\/proc\/(self|1)\/fd\/\d+$/;

interface Opened {
  readonly fd: number;
  readonly isPlain: boolean;
}

/** Part for part, each opened in the folder before it (`/proc/self/fd`), so that nobody can exchange one that was looked at. */
function walkTo(path: string): Opened {
  if (STREAM.test(path)) return { fd: fs.openSync(path, STANDING), isPlain: false };
  // Without /proc there is only its last part to be careful with.
  if (process.platform !== 'linux') return judged(fs.openSync(path, FILE, MODE));
  const rest = partsOf(resolve(path));
  let folder = fs.openSync('/', FOLDER);
  try {
    for (let links = 0; ; ) {
      const name = rest.shift() ?? '.';
      const here = `/proc/self/fd/${folder}/${name}`;
      const target = linkAt(here);
      if (target === null && rest.length === 0) return judged(fs.openSync(here, FILE, MODE));
      if (target === null) {
        folder = exchange(folder, here);
        continue;
      }
      if (!isFirm(folder)) throw new Error(foreignLink(folder, name));
      links += 1;
      if (links > LINKS_MAX) throw new Error('too many symbolic links on the way');
      if (STREAM.test(target)) return { fd: fs.openSync(target, STANDING), isPlain: false };
      rest.unshift(...partsOf(target));
      if (target.startsWith('/')) folder = exchange(folder, '/');
    }
  } finally {
    fs.closeSync(folder);
  }
}

function partsOf(path: string): string[] {
  return path.split('/').filter((part) => part !== '' && part !== '.');
}

/** What it names; null when it is no symbolic link. */
function linkAt(path: string): string | null {
  const found = fs.lstatSync(path, { throwIfNoEntry: false });
  return found?.isSymbolicLink() ? fs.readlinkSync(path) : null;
}

/** Opens the next folder and closes the one before, which stays open when that fails. */
function exchange(before: number, path: string): number {
  const next = fs.openSync(path, FOLDER);
  fs.closeSync(before);
  return next;
}

/** Nobody but root and ourselves can put anything there. */
function isFirm(folder: number): boolean {
  const { uid, mode } = fs.fstatSync(folder);
  return (uid === 0 || uid === process.geteuid?.()) && (mode & 0o022) === 0;
}

function foreignLink(folder: number, name: string): string {
  const place = fs.readlinkSync(`/proc/self/fd/${folder}`);
  return `${name} in ${place} is a symbolic link, and others than root may write in that folder`;
}

/** Closes what is no log for root to write. */
function judged(fd: number): Opened {
  const found = fs.fstatSync(fd);
  if (found.isFile() && found.nlink === 1) return { fd, isPlain: true };
  try {
    if (found.isCharacterDevice()) {
      return { fd: fs.openSync(`/proc/self/fd/${fd}`, STANDING), isPlain: false };
    }
    const what = found.isFile() ? 'a file with several names (hard links)' : 'no plain file';
    throw new Error(`it is ${what}, and somebody else may have put it there`);
  } finally {
    fs.closeSync(fd);
  }
}
