// Gets a Python process from the one that has loaded the application ahead (preload). It is not our child: it connects to us,
// we hear of its end from its parent, and the kernel kills it when we are gone (LIFELINE). Where no process can be had the
// caller starts one of its own.

import { Buffer } from 'node:buffer';
import { randomBytes } from 'node:crypto';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { messageOf } from '../../message-of.ts';
import { killTree, runs } from '../../process-tree.ts';
import {
  type ForkRequest,
  ForkSocket,
  type FromFork,
  LineReader,
  type PreloadAddress,
  SECRET_BYTES,
  socketName,
} from '../../wire/preload.ts';
import { endInWords, type RunningPython } from './running.ts';
import { type PythonOptions, type SpawnedPython, spawnPython } from './spawn.ts';
import { unreadSocket } from './wire-socket.ts';

/** Forking takes milliseconds. Whoever waits in vain on a machine that is starved loads for itself. */
const FORK_MS = 3_000;
/** Long enough for its parent to tell how it ended. */
const LOOK_MS = 100;
const HELLO_BYTES = SECRET_BYTES + 4;

/** One that has the application already, where the options name who has; else one that loads it. */
export function startPython(
  options: PythonOptions,
  threads: number,
): SpawnedPython | Promise<SpawnedPython> {
  const { preload = null, log } = options;
  if (preload === null) return spawnPython(options, threads);
  return forkPython(preload, threads).catch((error: unknown) => {
    const why = messageOf(error);
    log('warning', `No preloaded application can be had (${why}): it is loaded anew.`);
    return spawnPython(options, threads);
  });
}

/** Rejects with an Error with a clause for people; nothing is left open then. */
async function forkPython(preload: PreloadAddress, threads: number): Promise<SpawnedPython> {
  const sockets = new Arrivals(ForkSocket.FIRST_THREAD + threads);
  const link = connect(`\0${preload.address}`);
  const python = new ForkedPython(link);
  const late = setTimeout(() => link.destroy(new Error('it does not answer')), FORK_MS);
  try {
    await sockets.listen();
    const { address, secret } = sockets;
    const request: ForkRequest = { token: preload.token, address, secret, sockets: threads };
    link.write(`${JSON.stringify(request)}\n`);
    const made = await Promise.race([
      Promise.all([sockets.all, python.forked]).then(([all]) => all),
      python.failed,
    ]);
    python.keep(made[ForkSocket.LIFELINE]);
    return { python, wires: wiresOf(made) };
  } catch (error) {
    sockets.destroy();
    link.destroy();
    throw error;
  } finally {
    clearTimeout(late);
    sockets.close();
  }
}

function wiresOf(made: readonly Socket[]): SpawnedPython['wires'] {
  const [control, fault, notes, , ...threads] = made;
  if (control === undefined || fault === undefined || notes === undefined) return null;
  return { control, fault, notes, threads };
}

/** The sockets that the process opens to us, by number. Whatever else connects is sent away. */
class Arrivals {
  readonly address = socketName(randomBytes(16).toString('hex'));
  readonly secret = randomBytes(SECRET_BYTES).toString('hex');
  readonly all: Promise<readonly Socket[]>;
  readonly #wanted: number;
  readonly #server: Server;
  readonly #arrived = new Map<number, Socket>();
  readonly #strangers = new Set<Socket>();
  #complete: (all: readonly Socket[]) => void = () => undefined;

  constructor(wanted: number) {
    this.#wanted = wanted;
    this.all = new Promise((resolve) => {
      this.#complete = resolve;
    });
    this.#server = createServer({ pauseOnConnect: true }, (socket) => this.#greet(socket));
  }

  listen(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(`\0${this.address}`, this.#wanted, resolve);
    });
  }

  close(): void {
    this.#server.close();
    for (const socket of this.#strangers) socket.destroy();
  }

  destroy(): void {
    for (const socket of this.#arrived.values()) socket.destroy();
  }

  #greet(socket: Socket): void {
    let hello = Buffer.alloc(0);
    this.#strangers.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => this.#strangers.delete(socket));
    socket.on('data', (bytes: Buffer) => {
      hello = Buffer.concat([hello, bytes]);
      if (hello.length < HELLO_BYTES) return;
      const isOurs = hello.toString('hex', 0, SECRET_BYTES) === this.secret;
      if (!isOurs || hello.length > HELLO_BYTES) socket.destroy();
      else this.#take(hello.readUInt32LE(SECRET_BYTES), socket);
    });
    socket.resume();
  }

  #take(number: number, socket: Socket): void {
    this.#strangers.delete(socket);
    this.#arrived.set(number, unreadSocket(socket));
    if (this.#arrived.size < this.#wanted) return;
    const numbers = [...this.#arrived.keys()].sort((a, b) => a - b);
    this.#complete(numbers.flatMap((each) => this.#arrived.get(each) ?? []));
  }
}

class ForkedPython implements RunningPython {
  pid = 0;
  hasEnded = false;
  readonly ended: Promise<string>;
  readonly forked: Promise<void>;
  readonly failed: Promise<never>;
  readonly #link: Socket;
  readonly #lines = new LineReader<FromFork>();
  #lifeline: Socket | null = null;
  #looking: NodeJS.Timeout | undefined;
  #sayEnded: (how: string) => void = () => undefined;
  #sayForked: () => void = () => undefined;
  #sayFailed: (error: Error) => void = () => undefined;

  constructor(link: Socket) {
    this.#link = link;
    this.ended = new Promise((resolve) => {
      this.#sayEnded = resolve;
    });
    this.forked = new Promise((resolve) => {
      this.#sayForked = resolve;
    });
    this.failed = new Promise((_, reject) => {
      this.#sayFailed = reject;
    });
    // Nobody waits for it any more once the process is there.
    this.failed.catch(() => undefined);
    link.setEncoding('utf8');
    link.on('data', (text: string) => {
      for (const message of this.#lines.read(text)) this.#hear(message);
    });
    link.on('error', (error) => this.#sayFailed(error));
    link.on('close', () => this.#lost());
  }

  /** Closed by our end, whatever that is, and with it the process's. */
  keep(lifeline: Socket | undefined): void {
    this.#lifeline = lifeline ?? null;
  }

  /** Its parent may be unable to tell us that it has ended: then we look for ourselves. */
  kill(): void {
    if (this.hasEnded || this.pid === 0) return;
    killTree(this.pid);
    this.#look();
  }

  #hear(message: FromFork): void {
    if (message.kind === 'forked') {
      this.pid = message.pid;
      this.#sayForked();
    } else if (message.kind === 'refused') {
      this.#sayFailed(new Error(message.message));
    } else {
      this.#end(endInWords(message.code, message.signal));
    }
  }

  #end(how: string): void {
    if (this.hasEnded) return;
    this.hasEnded = true;
    this.#sayFailed(new Error(how));
    this.#lifeline?.destroy();
    this.#link.destroy();
    this.#sayEnded(how);
  }

  /** Its parent has gone. */
  #lost(): void {
    this.#sayFailed(new Error('it has closed the connection'));
    if (this.pid !== 0) this.#look();
  }

  #look(): void {
    this.#looking ??= setInterval(() => {
      if (!this.hasEnded && !runs(this.pid)) this.#end('ended, and nobody can tell how');
      if (this.hasEnded) clearInterval(this.#looking);
    }, LOOK_MS);
  }
}
