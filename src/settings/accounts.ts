// Users and groups by name or number, as this machine knows them: /etc/passwd and /etc/group, and what `getent` finds
// elsewhere (LDAP and the like). Node.js itself looks names up only to become them.

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

export interface User {
  readonly uid: number;
  /** null for a number that no user has. */
  readonly name: string | null;
  /** Its primary group; null for a number that no user has. */
  readonly gid: number | null;
}

export interface Group {
  readonly gid: number;
  readonly name: string | null;
}

/** The largest id that is one: the next stands for "none" in the kernel. */
const LAST_ID = 0xffff_fffe;
/** A directory service that does not answer must not hang the start. */
const LOOK_UP_MS = 10_000;

/** `text`: a name, or a number, which need not be anybody's. null: there is no such user. */
export function findUser(text: string): User | null {
  const entry = entryOf('passwd', text);
  if (entry !== null) return { uid: entry.id, name: entry.name, gid: Number(entry.rest[0]) };
  const uid = numberOf(text);
  return uid === null ? null : { uid, name: null, gid: null };
}

/** `text`: a name, or a number, which need not be anybody's. null: there is no such group. */
export function findGroup(text: string): Group | null {
  const entry = entryOf('group', text);
  if (entry !== null) return { gid: entry.id, name: entry.name };
  const gid = numberOf(text);
  return gid === null ? null : { gid, name: null };
}

interface Entry {
  readonly name: string;
  readonly id: number;
  /** The fields behind the id. */
  readonly rest: readonly string[];
}

function entryOf(database: 'passwd' | 'group', text: string): Entry | null {
  return find(fileOf(database), text) ?? find(answerOf(database, text), text);
}

/** name:password:id:... */
function find(lines: string, text: string): Entry | null {
  const id = numberOf(text);
  for (const line of lines.split('\n')) {
    const [name = '', , digits = '', ...rest] = line.split(':');
    if (digits === '' || !(id === null ? name === text : Number(digits) === id)) continue;
    return { name, id: Number(digits), rest };
  }
  return null;
}

function numberOf(text: string): number | null {
  return /^\d+$/.test(text) && Number(text) <= LAST_ID ? Number(text) : null;
}

function fileOf(database: 'passwd' | 'group'): string {
  try {
    return readFileSync(`/etc/${database}`, 'utf8');
  } catch {
    return '';
  }
}

function answerOf(database: 'passwd' | 'group', text: string): string {
  try {
    return execFileSync('getent', [database, '--', text], {
      encoding: 'utf8',
      timeout: LOOK_UP_MS,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
  } catch {
    // Nobody has that name, or there is no such command, as in small containers.
    return '';
  }
}
