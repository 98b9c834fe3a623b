// Sends datagrams to a unix socket: syslog's /dev/log, statsd's, systemd's. Node.js has no such sockets, so a small Python
// process sends them and ends with this one. Never waits and never throws: what cannot be sent is counted and told. systemd
// believes a process only as long as it lives, so there the helper waits at its end until everything was received.

import { type ChildProcess, spawn } from 'node:child_process';
import { monotonicMs } from '../clock.ts';
import { Losses } from './losses.ts';

/** More than this waiting for the helper is dropped. */
const WAITING_BYTES = 1024 * 1024;
/** For a receiver that has the barrier and does not get there. */
const BARRIER_MS = 2000;
/** It may still have a datagram to wait for (1 s) before that. */
const END_MS = BARRIER_MS + 2000;
/** How soon a helper that was lost, or could not be started, is started again. */
const RESTART_MS = 1000;

/**
 * Reads datagrams behind their lengths (4 bytes, big-endian) until its input ends. Answers "-" for each that is lost, and
 * "+" for the first that is sent again. A receiver that does not read is waited for once, for a second; until it reads
 * again what comes is lost at once. A socket that takes no datagrams gets them one after the other, as Python's
 * SysLogHandler does. Signals are for the process that started it: Ctrl-C reaches the whole group.
 */
const HELPER = `
import errno, os, select, signal, socket, struct, sys
for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1, signal.SIGUSR2):
    signal.signal(each, signal.SIG_IGN)
path = sys.argv[1]
if path.startswith("@"):
    path = "\\0" + path[1:]
def connected():
    for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
        out = socket.socket(socket.AF_UNIX, kind)
        try:
            out.connect(path)
            return out
        except OSError as error:
            out.close()
            if error.errno != errno.EPROTOTYPE:
                raise
def tell(what):
    sys.stdout.write(what)
    sys.stdout.flush()
source = sys.stdin.buffer
out = None
well = True
while True:
    head = source.read(4)
    if len(head) < 4:
        break
    datagram = source.read(struct.unpack(">I", head)[0])
    for attempt in (1, 2):
        try:
            if out is None:
                out = connected()
            out.settimeout(1.0 if well else 0.0)
            out.sendall(datagram)
            if not well:
                tell("+")
            well = True
            break
        except OSError as error:
            stands_still = isinstance(error, (socket.timeout, BlockingIOError))
            if out is not None and not (stands_still and out.type == socket.SOCK_DGRAM):
                out.close()
                out = None
            if attempt == 2 or stands_still:
                well = False
                tell("-")
                break
# sd_notify_barrier(3): the other side closes the descriptor when it has come so far.
if sys.argv[2] and out is not None and well:
    ours, theirs = os.pipe()
    try:
        rights = (socket.SOL_SOCKET, socket.SCM_RIGHTS, theirs.to_bytes(4, sys.byteorder))
        out.sendmsg([b"BARRIER=1"], [rights])
        os.close(theirs)
        end = select.poll()
        end.register(ours, 0)
        end.poll(${BARRIER_MS})
    except OSError:
        pass
`;

const PROGRAM = 'TUNICORN_DATAGRAMS';
const STARTER = `import os; exec(os.environ['${PROGRAM}'])`;

export class UnixDatagrams {
  readonly losses: Losses;

  readonly #path: string;
  readonly #python: string;
  readonly #atTheEnd: 'leaves' | 'waits at the end';
  #helper: ChildProcess | null = null;
  #nextStartMs = Number.NEGATIVE_INFINITY;

  /**
   * @param path the socket's path; `@name` is an abstract one (Linux)
   * @param python the interpreter that helps out
   * @param atTheEnd "waits at the end" only for a receiver that knows sd_notify_barrier(3), and for `end`
   */
  constructor(path: string, python: string, atTheEnd: 'leaves' | 'waits at the end' = 'leaves') {
    this.#path = path;
    this.#python = python;
    this.#atTheEnd = atTheEnd;
    this.losses = new Losses(`Cannot send to the unix socket ${path}`);
  }

  /** Of the process that sends; null while it cannot be started. */
  get pid(): number | null {
    return this.#running()?.pid ?? null;
  }

  /** Hands one datagram over. Lost when nobody receives, or not fast enough. */
  send(text: string): void {
    const stdin = this.#running()?.stdin;
    if (!stdin) {
      this.losses.lose('the Python process that sends does not run');
    } else if (stdin.writableLength > WAITING_BYTES) {
      this.losses.lose('nobody reads there');
    } else {
      const bytes = Buffer.from(text);
      const head = Buffer.alloc(4);
      head.writeUInt32BE(bytes.length);
      stdin.write(Buffer.concat([head, bytes]));
    }
  }

  /** What was handed over is still sent. */
  close(): void {
    this.#nextStartMs = Number.POSITIVE_INFINITY;
    this.#helper?.stdin?.end();
  }

  /** The same; resolves when the helper has ended, after which nothing more can be sent. */
  async end(): Promise<void> {
    const helper = this.#helper;
    this.close();
    if (helper === null) return;
    // Its end is no trouble.
    this.#helper = null;
    // It was not to keep this process alive; now it is.
    helper.ref();
    await new Promise<void>((resolve) => {
      const enough = setTimeout(resolve, END_MS);
      helper.once('exit', () => {
        clearTimeout(enough);
        resolve();
      });
    });
  }

  #running(): ChildProcess | null {
    if (this.#helper === null && monotonicMs() >= this.#nextStartMs) this.#start();
    return this.#helper;
  }

  #start(): void {
    this.#nextStartMs = monotonicMs() + RESTART_MS;
    // Not as an argument: ps and systemctl would show all of it.
    const env = { ...process.env, [PROGRAM]: HELPER };
    const waits = this.#atTheEnd === 'leaves' ? '' : 'waits';
    const helper = spawn(this.#python, ['-I', '-S', '-c', STARTER, this.#path, waits], {
      env,
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    let receives = true;
    const lost = (why: string): void => {
      if (this.#helper !== helper) return;
      this.#helper = null;
      this.losses.trouble(why);
    };
    // It ends with its input, so with this process, and must not keep it alive.
    helper.unref();
    for (const stream of [helper.stdin, helper.stdout]) {
      stream?.on('error', () => {});
      if (stream && 'unref' in stream && typeof stream.unref === 'function') stream.unref();
    }
    helper.on('error', (error) => lost(error.message));
    helper.on('exit', () => lost('the Python process that sends has ended'));
    helper.stdout?.setEncoding('latin1').on('data', (answers: string) => {
      for (const answer of answers) {
        receives = answer !== '-';
        if (receives) this.losses.recovered();
        else this.losses.lose('nobody receives there, or not fast enough');
      }
    });
    // What was dropped here because too much waited.
    helper.stdin?.on('drain', () => {
      if (receives) this.losses.recovered();
    });
    this.#helper = helper;
  }
}
