// How much of what was handed to the kernel a client has not taken yet. The kernel may hold megabytes for one
// connection, and a slow client reads them without our seeing anything of it; Linux tells in its table of TCP sockets. The table
// is read for all who ask together, and hardly ever for more than a tenth of the time.

import { readFile, readlinkSync } from 'node:fs';
import { monotonicMs } from '../../clock.ts';

/** Bytes, or null where it cannot be known: no Linux, no /proc, no TCP. */
export type Tell = (bytes: number | null) => void;

const TABLES = ['/proc/net/tcp', '/proc/net/tcp6'];
/** Whoever asks within this time shares one look. */
const GATHER_MS = 20;
/** A look may take a tenth of the time: with 20,000 sockets it takes some 30 ms. */
const REST_FACTOR = 9;
/** But a look in which this process was stopped says nothing about what looks cost, and whoever asks is cut without an
 * answer. */
const REST_MS_MAX = 1000;
/** Rows with something in their send queue: state, tx_queue, four columns, inode. */
const ROW = / [0-9A-F]{2} (?!00000000)([0-9A-F]{8}):[0-9A-F]{8} \S+ +\S+ +\d+ +\d+ +(\d+) /g;

const asking = new Map<string, Tell[]>();
let looking = false;
let notBeforeMs = 0;

/** Asks for the socket behind `fd`. `tell` is called later, also when the socket has been closed meanwhile. */
export function askSendQueue(fd: number, tell: Tell): void {
  const inode = inodeOf(fd);
  if (inode === null) {
    setImmediate(tell, null);
    return;
  }
  const others = asking.get(inode);
  if (others === undefined) asking.set(inode, [tell]);
  else others.push(tell);
  lookSoon();
}

function inodeOf(fd: number): string | null {
  if (process.platform !== 'linux' || fd < 0) return null;
  try {
    return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/self/fd/${fd}`))?.[1] ?? null;
  } catch {
    return null;
  }
}

function lookSoon(): void {
  if (looking) return;
  looking = true;
  setTimeout(look, Math.max(GATHER_MS, notBeforeMs - monotonicMs())).unref();
}

function look(): void {
  const beganMs = monotonicMs();
  const asked = new Map(asking);
  asking.clear();
  const found = new Map<string, number>();
  let left = TABLES.length;
  for (const table of TABLES) {
    readFile(table, 'latin1', (error, text) => {
      if (error === null) collect(text, asked, found);
      left -= 1;
      if (left > 0) return;
      const nowMs = monotonicMs();
      notBeforeMs = nowMs + restMs(nowMs - beganMs);
      looking = false;
      if (asking.size > 0) lookSoon();
      answer(asked, found);
    });
  }
}

/** How long nobody looks after a look that took `tookMs`. */
export function restMs(tookMs: number): number {
  return Math.min(REST_FACTOR * tookMs, REST_MS_MAX);
}

function collect(
  text: string,
  asked: ReadonlyMap<string, unknown>,
  found: Map<string, number>,
): void {
  for (const [, queue = '', inode = ''] of text.matchAll(ROW)) {
    if (asked.has(inode)) found.set(inode, Number.parseInt(queue, 16));
  }
}

/** A socket that has no row with something in its queue is none of TCP, or its client has read everything. */
function answer(asked: ReadonlyMap<string, Tell[]>, found: ReadonlyMap<string, number>): void {
  for (const [inode, tells] of asked) {
    for (const tell of tells) tell(found.get(inode) ?? null);
  }
}
