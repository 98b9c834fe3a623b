// What is said with the process that has loaded a Python application ahead and forks one for each worker (preload): a JSON
// object a line, each way. The other side is python/tunicorn_bridge/zygote.py. Shapes and their reader only.
//
// Addresses are names of Linux's abstract unix sockets, without the NUL in front: nothing of them is on the disk, and nothing
// stays, whatever is killed. Everybody on the machine can see such a name; what may connect is decided by user and token.

/** Where a worker asks. */
export interface PreloadAddress {
  readonly address: string;
  /** Whoever knows it may have a process. */
  readonly token: string;
}

/** Arbiter to it, once, on descriptor 3; it ends when that is closed and no worker has a process of it any more. */
export interface PreloadStart extends PreloadAddress {
  /** What ps shows for it. */
  readonly title: string;
  /** "package.module:callable". */
  readonly app: string;
  readonly chdir: string;
  /** Gunicorn's setting. */
  readonly loglevel: string;
  readonly pythonpath: string | null;
  readonly umask: number;
  /** Whether a failure is to name the files that the application was loaded from. */
  readonly sources: boolean;
  /** What it prints goes to a log: its standard output does not hold lines back. */
  readonly captured: boolean;
}

/** Arbiter to it, from `ready` on, again and again. */
export interface PreloadQuestion {
  readonly kind: 'there?';
}

/** It to the arbiter. */
export type FromPreload =
  /** It is about to load. The signal makes it write its stacks to standard error; 0: there is none. */
  | { readonly kind: 'loading'; readonly faultSignal: number }
  /** Workers may ask. `threads`: names of those that the application has started, which no forked process has. */
  | { readonly kind: 'ready'; readonly threads: readonly string[] }
  /** The answer to one question, or to several. */
  | { readonly kind: 'there' }
  /** It ends. Exit code and message as a worker's `boot-failed`. */
  | {
      readonly kind: 'refused';
      readonly exitCode: 3 | 4;
      readonly message: string;
      readonly files: readonly string[];
    };

/** A worker to it, once on each connection. Closing the connection kills the process that came of it. */
export interface ForkRequest {
  readonly token: string;
  /** Where the worker waits for the process's sockets. */
  readonly address: string;
  /** What each of them has to say first, hexadecimal, before its number (u32, little-endian). */
  readonly secret: string;
  /** Of threads, the spare ones included. */
  readonly sockets: number;
}

/** Of the connections, by number; those of threads follow. Nothing is ever said on LIFELINE: the process dies with it. */
export const ForkSocket = { CONTROL: 0, FAULT: 1, NOTES: 2, LIFELINE: 3, FIRST_THREAD: 4 } as const;
export const SECRET_BYTES = 16;

/** It to the worker. */
export type FromFork =
  | { readonly kind: 'forked'; readonly pid: number }
  | { readonly kind: 'refused'; readonly message: string }
  /** The process has ended; its pid is nobody else's until the worker closes the connection. */
  | { readonly kind: 'ended'; readonly code: number | null; readonly signal: string | null };

/** As many bytes as a name can have: Node.js 20 fills shorter ones up with NULs, which others do not. */
const NAME_BYTES = 107;

/** A name that nobody else has; `random` is hexadecimal. */
export function socketName(random: string): string {
  return `tunicorn-${random}`.padEnd(NAME_BYTES, '-');
}

/** A message longer than this is none. */
const LINE_MAX = 16_777_216;

/** Takes bytes as they come and answers the whole messages in them. What is no JSON object is left out. */
export class LineReader<Message extends { readonly kind: string }> {
  #text = '';

  read(text: string): Message[] {
    this.#text = (this.#text + text).slice(-LINE_MAX);
    const lines = this.#text.split('\n');
    this.#text = lines.pop() ?? '';
    return lines.map(parsed<Message>).filter((message) => message !== null);
  }
}

function parsed<Message>(line: string): Message | null {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null && 'kind' in value
      ? (value as Message)
      : null;
  } catch {
    return null;
  }
}
