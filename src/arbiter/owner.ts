// Whose rights workers get (`user`, `group`, `initgroups`) and how they are started with them, and what must be theirs before:
// the log files that they open themselves and the unix sockets. The arbiter itself keeps its rights; it runs none of the application's code.

import { closeSync, existsSync, fchownSync } from 'node:fs';
import { openOwnFile } from '../observe/log-file.ts';
import { findGroup, findUser, type User } from '../settings/accounts.ts';
import type { Settings } from '../settings/settings.ts';

export interface Owner {
  readonly uid: number;
  readonly gid: number;
  /** Workers get the other groups of the user as well. */
  readonly initgroups: boolean;
  /** The command that starts a program with these rights and bars it from others; null: it is not there. */
  readonly setpriv: string | null;
}

/** The settings ask for other rights than ours, and we can give them. Says nothing about whether they are right. */
export function changesRights({ user, group }: Settings): boolean {
  return (user !== null || group !== null) && process.geteuid?.() === 0;
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
  if (own.uid === 0) {
    const groups = initgroups && account !== null;
    return { uid, gid, initgroups: groups, setpriv: findSetpriv(groups ? account : null) };
  }
  if (uid === own.uid && gid === own.gid) return null;
  throw new Error(
    `Only root can run workers as another user or group (asked for: ${uid}:${gid}, and this is ${own.uid}:${own.gid}). Start it as root, or leave --user and --group out.`,
  );
}

/** Never looked for on PATH, which may begin with a folder of the user: it runs as root. */
const SETPRIV = ['/usr/bin/setpriv', '/bin/setpriv'];

/** @param account whose groups are asked for, which nothing else can give */
function findSetpriv(account: User | null): string | null {
  if (account?.name === null) {
    throw new Error(
      `user ${account.uid} is a number that no user has: it has no groups for --initgroups.`,
    );
  }
  const found = SETPRIV.find((path) => existsSync(path)) ?? null;
  if (found !== null || account === null) return found;
  throw new Error(`--initgroups needs ${SETPRIV[0]} (util-linux), which is not there.`);
}

/** How a program is started with the rights of an owner. */
export interface Start {
  readonly program: string;
  /** Its first arguments. */
  readonly before: readonly string[];
  /** Options for child_process. */
  readonly ids: { readonly uid?: number; readonly gid?: number };
}

/**
 * The rights change before the program begins: it never has others, and no set-uid program gives it any (no_new_privs). Without
 * setpriv(1), which becomes the program, Node.js's own options; they take all supplementary groups away, too.
 */
export function startAs(owner: Owner | null, program: string): Start {
  if (owner === null) return { program, before: [], ids: {} };
  const { uid, gid, initgroups, setpriv } = owner;
  if (setpriv === null) return { program, before: [], ids: { uid, gid } };
  const groups = initgroups ? '--init-groups' : '--clear-groups';
  const rights = ['--reuid', `${uid}`, '--regid', `${gid}`, groups];
  return { program: setpriv, before: [...rights, ...NO_OTHERS, '--', program], ids: {} };
}

const NO_OTHERS = ['--no-new-privs', '--inh-caps=-all', '--ambient-caps=-all'];

/**
 * Makes the log files if they are not there and gives them to the owner, so that workers can open them now and whenever logs are
 * reopened. log-file.ts says what is never given away: whoever may write in a folder could put something else in its place.
 * Never throws: a worker that cannot open its log says so.
 */
export function giveLogFiles({ accesslog, errorlog }: Settings, owner: Owner | null): void {
  if (owner === null) return;
  for (const path of [accesslog, errorlog]) {
    if (path !== null && path !== '-') giveFile(path, owner);
  }
}

function giveFile(path: string, { uid, gid }: Owner): void {
  let fd: number | null = null;
  try {
    fd = openOwnFile(path);
    if (fd !== null) fchownSync(fd, uid, gid);
  } catch {
    // A symbolic link, a pipe that nobody reads, a folder that is missing: it stays whose it is.
  } finally {
    if (fd !== null) closeSync(fd);
  }
}
