// Whose rights workers get (`user`, `group`, `initgroups`), and what must be theirs before they start: the log files that they
// open themselves and the unix sockets. The arbiter itself keeps its rights; it runs none of the application's code.

import { closeSync, constants, existsSync, fchownSync, fstatSync, openSync } from 'node:fs';
import { findGroup, findUser, type User } from '../settings/accounts.ts';
import type { Settings } from '../settings/settings.ts';

export interface Owner {
  readonly uid: number;
  readonly gid: number;
  /** The command that gives workers the other groups of the user as well; null: they get none. */
  readonly setpriv: string | null;
}

/** null: workers run as whoever runs the arbiter. Throws an Error with a sentence for people. */
export function ownerOf({ user, group, initgroups }: Settings): Owner | null {
  if (user === null && group === null) return null;
  const own = { uid: process.geteuid?.() ?? 0, gid: process.getegid?.() ?? 0 };
  const account = user === null ? null : findUser(user);
  const uid = account === null ? own.uid : account.uid;
  const gid = group === null ? account?.gid : findGroup(group)?.gid;
  if (gid === undefined || gid === null) {
    throw new Error(`user ${user} is a number that no user has: give its group, too (--group).`);
  }
  if (own.uid === 0) return { uid, gid, setpriv: initgroups ? setprivFor(user, account) : null };
  if (uid === own.uid && gid === own.gid) return null;
  throw new Error(
    `Only root can run workers as another user or group (asked for: ${uid}:${gid}, and this is ${own.uid}:${own.gid}). Start it as root, or leave --user and --group out.`,
  );
}

/** Never looked for on PATH, which may begin with a folder of the user: it runs as root. */
const SETPRIV = ['/usr/bin/setpriv', '/bin/setpriv'];

function setprivFor(user: string | null, account: User | null): string | null {
  if (account === null) return null;
  if (account.name === null) {
    throw new Error(
      `user ${user} is a number that no user has: it has no groups for --initgroups.`,
    );
  }
  const found = SETPRIV.find((path) => existsSync(path));
  if (found !== undefined) return found;
  throw new Error(`--initgroups needs ${SETPRIV[0]} (util-linux), which is not there.`);
}

/**
 * Makes the log files if they are not there and gives them to the owner, so that workers can open them now and whenever logs are
 * reopened. Whoever may write in the folder could put something else in their place: only a plain file with one name, itself no
 * symbolic link, is given away. A folder on the way that the user may change is still a way to be given another file. Never throws: a worker that cannot open its log says so.
 */
export function giveLogFiles({ accesslog, errorlog }: Settings, owner: Owner | null): void {
  if (owner === null) return;
  for (const path of [accesslog, errorlog]) {
    if (path !== null && path !== '-') giveFile(path, owner);
  }
}

const APPEND = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT;
const CAREFULLY = constants.O_NOFOLLOW | constants.O_NONBLOCK | constants.O_NOCTTY;

function giveFile(path: string, { uid, gid }: Owner): void {
  let fd: number | null = null;
  try {
    fd = openSync(path, APPEND | CAREFULLY, 0o644);
    const file = fstatSync(fd);
    if (file.isFile() && file.nlink === 1) fchownSync(fd, uid, gid);
  } catch {
    // A symbolic link, a pipe that nobody reads, a folder that is missing: it stays whose it is.
  } finally {
    if (fd !== null) closeSync(fd);
  }
}
