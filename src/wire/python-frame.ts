// What the I/O loop and the Python process say to each other, frame by frame. Python's half of these numbers is in
// python/tunicorn_bridge/frame.py; a test reads both files and holds them equal. Shapes only, no behaviour.
//
// Every frame is a header of eight bytes, two little-endian 32-bit words, then the payload:
//
//     word 0   length of the payload in bytes
//     word 1   kind in the low byte, `aux` in the 24 bits above it
//
// There are two kinds of socket pair. A thread's pair carries requests, answered one after another in their order: the
// loop may send some ahead, and counts them as the thread does, from 1; that number is what the control pair names a
// request by. The control pair carries what must be heard while a thread runs.

import type { InnerHooks } from './hooks.ts';

/** Bytes of a frame's header. */
export const HEADER_BYTES = 8;

/**
 * Loop to thread.
 *
 * REQUEST       aux = length of the environ; payload = environ in marshal format, then the body, if any.
 * REQUEST_FILE  the same, but what follows environ is the path (UTF-8) of the file that holds the body.
 */
export const ToThread = { REQUEST: 1, REQUEST_FILE: 2 } as const;

/**
 * Thread to loop. A head is "200 OK\r\nName: value\r\n...", latin-1, checked; the low 22 bits of aux are its length.
 *
 * WHOLE        head, then the whole body; the thread is free. aux may carry SAMPLED and WAITED.
 * WHOLE_OPEN   the same, but the application's close() still runs: END follows when the thread is free, or, when the
 *              next request was at hand by then, the first frame of its answer.
 * HEAD         head, then the first bytes of the body, if any.
 * PIECE        bytes of the body.
 * END          nothing more; the thread is free. aux = 1: cut short because the client had gone.
 * FILE         head, then u64 offset, u64 length, path: the rest of the body is in that file. The loop answers
 *              on the control pair; END follows FILE_TAKEN.
 * INTERIM      a 1xx head, before the head.
 * FAILED       payload = traceback, UTF-8; aux = 1: a head had been sent; 2: the file of the request body could not be
 *              opened, and the payload is one sentence; 3: the head that it gave is not HTTP. The thread is free.
 * INTERRUPTED  aux = low 24 bits of the request's number: an interrupt ended it and nothing else will be said about
 *              it. May come after the request's END (the interrupt landed just behind it); then it means nothing.
 */
export const FromThread = {
  WHOLE: 16,
  WHOLE_OPEN: 17,
  HEAD: 18,
  PIECE: 19,
  END: 20,
  FILE: 21,
  INTERIM: 22,
  FAILED: 23,
  INTERRUPTED: 24,
} as const;

/**
 * Loop to control. Where there is an answer, it carries the question's aux.
 *
 * START       payload = PythonStart as JSON; the first frame; answered by READY or BOOT_FAILED.
 * PING        answered by PONG: the interpreter runs and its lock can be had.
 * STACKS      answered by STACKS_ARE.
 * INTERRUPT   u32 thread, u32 request: raise RequestTimeout in it, if that is still what it runs. Answered by
 *             INTERRUPT_DONE with the stack from before, empty when the request was over.
 * GONE        u32 thread, u32 request: its client has gone; the next piece it sends ends it.
 * NEW_THREAD  u32 thread, u32 0: start that thread on the spare socket of its number.
 * STOP        end in good order, running atexit handlers.
 * FILE_TAKEN    u32 thread, u32 request: the loop has opened the file that FILE offered; the thread may close it.
 * FILE_REFUSED  the same pair: it could not; the thread sends the head and the file's bytes itself.
 * WITHDRAW    u32 thread, u32 after, u32 upto, u32 0: of the requests after the first up to the second number, those that
 *             have not begun never will. Answered by WITHDRAWN with the number of the last one that has, in decimal,
 *             not below `after`. The same question gets the same answer.
 * FILES       answered by FILES_ARE: what the application was loaded from and has not been told yet. Only with `sources`.
 * LANDED      u32 thread, u32 request: has the exception of INTERRUPT been raised in it? Answered by LANDED_IS, yes or no.
 * MULTIPROCESS  aux = 1: other processes run the application, too, from now on; 0: none does. Not answered.
 * LEAVE       the process is about to be killed, because the worker is told to leave at once: the server hooks worker_int and
 *             worker_exit are called. Answered by LEFT.
 */
export const ToControl = {
  START: 32,
  PING: 33,
  STACKS: 34,
  INTERRUPT: 35,
  GONE: 36,
  NEW_THREAD: 37,
  STOP: 38,
  FILE_TAKEN: 39,
  FILE_REFUSED: 40,
  WITHDRAW: 41,
  LANDED: 42,
  LEAVE: 43,
  FILES: 44,
  MULTIPROCESS: 45,
} as const;

/**
 * Control to loop.
 *
 * LOADING      payload = PythonLoading as JSON: the application is about to be loaded.
 * READY        payload = PythonReady as JSON.
 * BOOT_FAILED  payload = BootRefusal as JSON; the process ends.
 * FILES_ARE    payload = paths as a JSON array.
 */
export const FromControl = {
  READY: 48,
  BOOT_FAILED: 49,
  PONG: 50,
  STACKS_ARE: 51,
  INTERRUPT_DONE: 52,
  WITHDRAWN: 53,
  LANDED_IS: 54,
  LOADING: 55,
  LEFT: 56,
  FILES_ARE: 57,
} as const;

/**
 * Any thread of the application to the loop, on a pair of their own, each frame in one write.
 *
 * EXTEND  u32 thread, u32 request, u32 milliseconds: it shall not be overdue before so long from now.
 * LOG     aux = level, an index of LOG_LEVELS, in the low eight bits, above it an index of NOTE_CODES; payload = UTF-8: a line for
 *         the error log.
 */
export const Note = { EXTEND: 64, LOG: 65 } as const;
/** Of lines that the bridge has to tell, as the error log shows them. */
export const NOTE_CODES = ['', 'hop-by-hop-field'] as const;
export const NOTE_BYTES = 12;
/** Longer lines are cut: the kernel takes so much in one piece, so that threads do not write into each other's. */
export const LOG_MAX = 16_384;

/** In aux of WHOLE and WHOLE_OPEN: whether the application waited in this request was looked at; it did. */
export const SAMPLED = 0x800000;
export const WAITED = 0x400000;
export const HEAD_LENGTH_MASK = 0x3fffff;

/** Largest body in a WHOLE or WHOLE_OPEN frame, and of the first bytes in a HEAD frame. */
export const WHOLE_BODY_MAX = 262_144;
/** Largest head, and largest payload of FILE, INTERIM and FAILED. */
export const HEAD_MAX = 1_048_576;
/** Largest PIECE; an item of the application that is larger is sent as several. */
export const PIECE_MAX = 16_777_216;

/** Descriptors of the Python process: control, where faulthandler writes, notes of all threads, then a socket for each thread and spare. */
export const CONTROL_FD = 3;
export const FAULT_FD = 4;
export const NOTES_FD = 5;
export const FIRST_THREAD_FD = 6;

export interface PythonHooks extends InnerHooks {
  /** All settings by name. */
  readonly cfg: object;
  /** The worker's pid: with preload_app it is not the parent's. */
  readonly loop_pid: number;
}

export interface PythonStart {
  /** "package.module:callable". */
  readonly app: string;
  readonly chdir: string;
  /** As ps shows the process; null: its command line. */
  readonly title: string | null;
  /** Comma-separated folders, as Gunicorn's setting. */
  readonly pythonpath: string | null;
  /** The token of the drill's paths; null: there are none. */
  readonly probe: string | null;
  /** Whether it will be asked for FILES. */
  readonly sources: boolean;
  readonly threads: number;
  /** Seconds since its start to which a request may be extended. */
  readonly timeoutLimit: number;
  /** Gunicorn's setting: what logging.getLogger("gunicorn.error") leaves out. */
  readonly loglevel: string;
  /** Server hooks that run in the process; null: there are none. */
  readonly hooks: PythonHooks | null;
  /** What it prints goes to a log: its standard output does not hold lines back. */
  readonly captured: boolean;
  /** The part of environ that is the same for every request. */
  readonly environ: Readonly<Record<string, string | boolean>>;
}

export interface PythonLoading {
  /** Number of the signal that makes the process write its stacks to FAULT_FD; 0 for none. */
  readonly faultSignal: number;
  /** Its descriptor of the memory in which threads write what they have begun (ledger.py); -1 for none. */
  readonly ledger: number;
}

export interface PythonReady {
  /** "3.11.7" */
  readonly python: string;
}

export interface BootRefusal {
  readonly exitCode: 3 | 4;
  readonly message: string;
  /** With `sources`: from what it was loaded until then. */
  readonly files: readonly string[];
}
