// What the worker's I/O loop (host) and a Node.js thread (guest) say to each other: one flat array of primitives per
// turn of a loop, and a small shared array in which a request is offered, claimed or withdrawn. Shapes and codecs only.
//
// A batch is operation after operation, each an opcode followed by a fixed number of items; the opcode fixes the
// count, so nothing needs a length. Arrays of strings and small integers are what structured clone copies fastest.

import type { MessagePort } from 'node:worker_threads';
import type { BoundAddress } from './addresses.ts';
import type { InnerHooks } from './hooks.ts';

/** One element of a batch. ArrayBuffers are transferred, never shared. */
export type Item = number | string | ArrayBuffer;

/** Host to guest. The items that follow each opcode stand beside it. */
export const ToGuest = {
  /** ticket, method, target, version (versionItem), fields (joinFields), peer (joinPeer), body kind, body (bytes, or the path of a file) */
  request: 1,
  /** ticket, bytes */
  body: 2,
  /** ticket, trailers (joinFields) */
  bodyEnd: 3,
  /** ticket: the body will never be complete */
  bodyFailed: 4,
  /** ticket, bytes: as many bytes of the response were taken in by the connection */
  credit: 5,
  /** ticket: the client has gone */
  gone: 6,
  /** ticket: the request is overdue; abort it and answer `interrupted` */
  interrupt: 7,
  /** Finish what is under way, then end the thread. */
  stop: 8,
  /** host, port (0: `host` is a path): the server listens there */
  listening: 9,
  /** The server stops, and hardly anything is left: the program is told as by SIGTERM. */
  shutdown: 10,
} as const;

/** Guest to host. */
export const ToHost = {
  /** where the program wanted to listen (joinAsked): the application is loaded */
  booted: 1,
  /** exit code (3 or 4), message */
  bootFailed: 2,
  /** ticket, status, fields, sendDate (0 or 1), body */
  whole: 3,
  /** ticket, status, fields, sendDate */
  head: 4,
  /** ticket, bytes */
  piece: 5,
  /** ticket, trailers */
  end: 6,
  /** ticket, status code, code, detail */
  failed: 7,
  /** ticket, status, fields: a 1xx before the head */
  interim: 8,
  /** ticket, bytes: the application consumed as much of the request body and wants more */
  bodyCredit: 9,
  /** ticket: nobody will read the rest of the request body */
  bodyDiscard: 10,
  /** ticket: the loop turned and the request was aborted */
  interrupted: 11,
  /** Everything is finished; the thread ends now. */
  stopped: 12,
  /** ticket, ms: the request shall not be overdue before so long from now */
  extend: 13,
  /** level (an index of LOG_LEVELS), text: a line for the error log */
  log: 14,
  /**
   * ticket: the application has taken the connection over. `piece` and `body` are raw bytes from here on, `end` and `bodyEnd`
   * one side's end (FIN), and `bodyDiscard` says that it has hung up.
   */
  upgraded: 15,
  /** folder: the process is to change to it, which threads cannot */
  chdir: 16,
  /** url: the inspector of the thread listens there */
  debuggable: 17,
  /** 1: the program has closed its HTTP server and is to be given nothing; 0: it has another */
  rest: 18,
} as const;

/** How the body of a request travels. `upgradable`: there is none, and its client offers to go over to another protocol. */
export const BodyKind = { none: 0, bytes: 1, file: 2, stream: 3, upgradable: 4 } as const;

/**
 * Bodies up to this many bytes travel inside the batch as latin-1 strings; longer ones in an ArrayBuffer of their own.
 * Measured there and back, microseconds of CPU each, string against buffer: 1 KiB 2.1 : 3.1, 4 KiB 4.1 : 4.3,
 * 8 KiB 12.2 : 4.9, 64 KiB 50 : 23.
 */
export const INLINE_BYTES = 4096;

/**
 * Response bytes a guest may have under way to the connection. Beyond them it keeps the rest, and once that is
 * GUEST_HIGH_WATER too, `res.write` answers false.
 */
export const RESPONSE_WINDOW = 128 * 1024;
export const GUEST_HIGH_WATER = 64 * 1024;
/** The largest piece of a body in one operation, so that neither side holds more than a window in memory. */
export const PIECE_BYTES = 64 * 1024;
/** Request body bytes the host may send ahead before the application has read any (and before the claim). */
export const BODY_AHEAD = 16 * 1024;
/** Request body bytes under way once the application reads. */
export const BODY_WINDOW = 256 * 1024;

/**
 * The shared array: element 0 counts the turns of the guest's loop; element 1 is the number that the system has for its thread
 * (0: none of its own, or unknown); from FIRST_SLOT on one cell per request slot.
 * A cell is generation * 4 + state, so that a claim of a request that was withdrawn long ago never hits its successor.
 */
export const TURNS = 0;
export const SYSTEM_THREAD = 1;
export const FIRST_SLOT = 2;
export const CellState = { free: 0, offered: 1, claimed: 2, withdrawn: 3 } as const;
/** Generations wrap here; a request would have to be forgotten for half a billion others of its slot to be mistaken. */
export const GENERATIONS = 2 ** 29;

/** A ticket names one request of one thread for ever: generation * slots + slot. */
export function ticketSlot(ticket: number, slots: number): number {
  return ticket % slots;
}

/** The value of a request's cell in one of the CellStates. */
export function cellValue(ticket: number, slots: number, state: number): number {
  const generation = Math.floor(ticket / slots) % GENERATIONS;
  return (generation * 4 + state) | 0;
}

/** As RequestHead says it. Their places in this list travel. */
const EXPECTATIONS = ['nothing', 'continue', 'other'] as const;

/** What of a head is a number or one of few words, as one number: HTTP's minor version, and the two below. */
export function versionItem(
  minor: number,
  keepAlive: boolean,
  expects: (typeof EXPECTATIONS)[number],
): number {
  return minor + (keepAlive ? KEEP_ALIVE : 0) + EXPECTATION * EXPECTATIONS.indexOf(expects);
}

const KEEP_ALIVE = 2;
const EXPECTATION = 4;

export function minorVersion(item: number): number {
  return item & 1;
}

/** The client wants to keep the connection. */
export function keepsAlive(item: number): boolean {
  return (item & KEEP_ALIVE) !== 0;
}

export function expectation(item: number): (typeof EXPECTATIONS)[number] {
  return EXPECTATIONS[Math.floor(item / EXPECTATION)] ?? 'nothing';
}

/** Fields as one string. A field holds neither CR, LF nor NUL (the parser refuses them), so LF can part them. */
export function joinFields(fields: readonly string[]): string {
  return fields.join('\n');
}

export function splitFields(joined: string): string[] {
  return joined === '' ? [] : joined.split('\n');
}

/** The client and the listener of a connection as one string: it is the same for every request of a connection. */
export interface WirePeer {
  readonly address: string;
  readonly port: number;
  readonly serverName: string;
  readonly serverPort: number;
  readonly scheme: 'http' | 'https';
  /** The client's certificate (DER, base64); null: asked for and not shown; absent: not asked for. */
  readonly certificate?: string | null;
  /** Of the connection's TLS, where it is ours. */
  readonly tls?: {
    readonly protocol: string | null;
    readonly cipher: object;
    readonly servername: string | false;
    readonly alpnProtocol: string | false | null;
  };
}

/** No base64. */
const NOT_SHOWN = '-';

export function joinPeer(peer: WirePeer): string {
  const certificate = peer.certificate === null ? NOT_SHOWN : (peer.certificate ?? '');
  const tls = peer.tls === undefined ? '' : JSON.stringify(peer.tls);
  return `${peer.scheme}\n${peer.address}\n${peer.port}\n${peer.serverPort}\n${certificate}\n${tls}\n${peer.serverName}`;
}

export function splitPeer(joined: string): WirePeer {
  const [scheme, address = '', port, serverPort, certificate, tls, ...serverName] =
    joined.split('\n');
  return {
    ...(certificate && { certificate: certificate === NOT_SHOWN ? null : certificate }),
    ...(tls && { tls: JSON.parse(tls) as NonNullable<WirePeer['tls']> }),
    scheme: scheme === 'https' ? 'https' : 'http',
    address,
    port: Number(port),
    serverPort: Number(serverPort),
    serverName: serverName.join('\n'),
  };
}

/** Bytes as an item of a batch. Longer ones are copied, because their buffer may be shared with others, and transferred. */
export function bytesToItem(bytes: Uint8Array, transfers: ArrayBuffer[]): string | ArrayBuffer {
  if (bytes.byteLength <= INLINE_BYTES) return latin1(bytes);
  const copy = new Uint8Array(bytes);
  transfers.push(copy.buffer);
  return copy.buffer;
}

export function itemToBytes(item: string | ArrayBuffer): Buffer {
  return typeof item === 'string' ? Buffer.from(item, 'latin1') : Buffer.from(item);
}

export function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
}

/** What is made of a program that listens itself. */
export interface ProgramTerms {
  /** Where the server listens; null: that goes by the program, and `listening` tells it. */
  readonly bound: BoundAddress | null;
  /** The server speaks TLS. */
  readonly secure: boolean;
  /** Setting other_listeners. */
  readonly otherListeners: 'one' | 'every' | 'refuse';
  /** The thread that listens where one does. */
  readonly isFirstThread: boolean;
  /** It is loaded only when it has said process.send('ready'), too. */
  readonly waitReady: boolean;
  /** 0, 1, 2 ... over all threads of all workers. */
  readonly instance: number;
  /** What the program finds in process.argv behind its file. */
  readonly args: readonly string[];
}

/** What a thread needs to know to boot; travels as its workerData. */
export interface GuestBoot {
  readonly port: MessagePort;
  readonly shared: SharedArrayBuffer;
  readonly slots: number;
  /** When the request of each slot began, a double each, ms of the clock that threads share (clock.ts). */
  readonly begunAt: SharedArrayBuffer;
  /** Absolute path of a file or of a folder with package.json. */
  readonly appPath: string;
  readonly exportName: string | null;
  /** Absolute: where the server is. */
  readonly folder: string;
  /** Seconds since its start to which a request may be extended. */
  readonly timeoutLimit: number;
  /** The token of the drill's paths; null: there are none. */
  readonly probe: string | null;
  /** Where to say from which files the application was loaded (SourcesNews); null: nowhere. */
  readonly sources: MessagePort | null;
  /** It opens its inspector and says where. */
  readonly debuggable: boolean;
  /** Server hooks that run in the thread; null: there are none. */
  readonly hooks: GuestHooks | null;
  readonly program: ProgramTerms;
}

export interface GuestHooks extends InnerHooks {
  /** All settings by name. */
  readonly cfg: object;
  /** Which place of the pool the thread fills: 1, 2, 3 ... */
  readonly thread: number;
}

/** Files that were not told of before; they can have been loaded since `sinceMs`, wall clock. */
export interface SourcesNews {
  readonly files: readonly string[];
  readonly sinceMs: number;
}
