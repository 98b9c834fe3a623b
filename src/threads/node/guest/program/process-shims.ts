// What a program expects of the process that it believes to have for itself, where a thread has it otherwise: its folder, its
// arguments, the channel to a parent that waits for 'ready', the signal that ends it, and node:cluster, whose primary it is not.

import cluster from 'node:cluster';
import dgram from 'node:dgram';
import { EventEmitter } from 'node:events';
import { syncBuiltinESMExports } from 'node:module';
import net from 'node:net';
import { constants } from 'node:os';
import { isMainThread } from 'node:worker_threads';
import { ownFolder } from './own-folder.ts';

export interface ProcessTerms {
  /** The file that was named, with all links resolved or not. */
  readonly file: string;
  /** What stands behind it on the program's command line. */
  readonly args: readonly string[];
  /** 0, 1, 2 ... over all threads of all workers. */
  readonly instance: number;
  /** Where the server is. */
  readonly folder: string;
  /** Asks that the process changes its folder, which a thread cannot. */
  readonly chdir: (folder: string) => void;
  /** The program has said that it is ready. */
  readonly ready: () => void;
}

/** To be called before the program is loaded. */
export function shimProcess(terms: ProcessTerms): void {
  process.argv.splice(1, Infinity, terms.file, ...terms.args);
  // Without threads the process is its own, but for the channel to the arbiter.
  if (isMainThread) hideChannel();
  else ownFolder(terms.folder, terms.chdir);
  process.send = (message: unknown, ...rest: readonly unknown[]) => {
    if (message === 'ready') terms.ready();
    const done = rest.at(-1);
    if (typeof done === 'function') process.nextTick(() => void done(null));
    return true;
  };
  becomeClusterWorker(terms.instance);
  bindOwnDatagrams();
}

/** What the arbiter says on it reaches those who listen by now: the worker. Whoever listens to 'message' later waits for other words. */
function hideChannel(): void {
  const worker = process.listeners('message');
  const { emit } = process;
  const emitHidden = (event: string, ...values: readonly unknown[]): boolean => {
    const [message] = values;
    const isArbiters = typeof message === 'object' && message !== null && 'kind' in message;
    if (event !== 'message' || !isArbiters) return Reflect.apply(emit, process, [event, ...values]);
    for (const listener of worker) Reflect.apply(listener, process, values);
    return worker.length > 0;
  };
  Object.assign(process, { emit: emitHidden });
}

/** By what a program is told to end: most listen to SIGTERM, those of PM2 to SIGINT or to its message. */
const ENDINGS = ['SIGTERM', 'SIGINT', 'message'] as const;

/** How many listen to each, before the program is loaded: without threads the worker does. */
export function whoListens(): readonly number[] {
  return ENDINGS.map((name) => process.listenerCount(name));
}

/**
 * The server wants the thread to end: the program hears SIGTERM, or SIGINT where it listens to that alone, and PM2's message.
 * Answers whether anybody listened (`before`: who did before it was loaded), who then ends by itself.
 */
export function tellShutdown(before: readonly number[]): boolean {
  // Before they are called: they may be there for once.
  const [term = false, int = false, message = false] = whoListens().map(
    (count, index) => count > (before[index] ?? 0),
  );
  const signal = int && !term ? 'SIGINT' : 'SIGTERM';
  // Its listeners are given the number, too, which the type does not say.
  Reflect.apply(process.emit, process, [signal, signal, constants.signals[signal]]);
  process.emit('message', 'shutdown', undefined);
  return term || int || message;
}

/** A program that forks itself with node:cluster must not fork once a thread: here it is a worker already. */
function becomeClusterWorker(instance: number): void {
  const worker = Object.assign(new EventEmitter(), {
    id: instance + 1,
    process,
    exitedAfterDisconnect: undefined,
    isConnected: () => true,
    isDead: () => false,
    send: (...args: Parameters<NonNullable<typeof process.send>>) => process.send?.(...args),
    disconnect() {
      return worker;
    },
    kill: () => process.exit(),
    destroy: () => process.exit(),
  });
  Object.assign(cluster, {
    isPrimary: false,
    isMaster: false,
    isWorker: true,
    worker,
    _getServer: bindHere,
  });
  for (const name of ['fork', 'workers', 'settings', 'setupPrimary', 'setupMaster'] as const) {
    Reflect.deleteProperty(cluster, name);
  }
  syncBuiltinESMExports();
}

/** Node.js asks node:cluster for the sockets of its workers; what is really a thread's own it binds by itself. */
function bindHere(
  _owner: unknown,
  { address, port, addressType, fd, flags }: Binding,
  done: (error: number, handle: unknown) => void,
): void {
  const create = Reflect.get(net, '_createServerHandle') as (...args: unknown[]) => unknown;
  const handle = create(address, port, addressType, fd, flags);
  if (typeof handle === 'number') done(handle, null);
  else done(0, handle);
}

interface Binding {
  readonly address: string;
  readonly port: number;
  readonly addressType: number | string;
  readonly fd: number;
  readonly flags: number;
}

/** The same for datagrams, whose handles Node.js gives to nobody without a warning. */
function bindOwnDatagrams(): void {
  const { bind } = dgram.Socket.prototype;
  dgram.Socket.prototype.bind = function (this: dgram.Socket, ...args: unknown[]): dgram.Socket {
    const [first, second] = args;
    const callback = args.findLast((each) => typeof each === 'function');
    const isObject = typeof first === 'object' && first !== null;
    const address = typeof second === 'string' ? { address: second } : {};
    const options = isObject
      ? first
      : { port: typeof first === 'function' ? 0 : first, ...address };
    return Reflect.apply(bind, this, [{ ...options, exclusive: true }, callback]);
  };
}
