// A program that was not written for this server and calls `listen` itself. Its first HTTP server becomes the application and
// binds nothing; what it listens on beside that is let through in one thread, in all, or not at all (`other_listeners`).

import http from 'node:http';
import https from 'node:https';
import net, { isIP } from 'node:net';
import tls from 'node:tls';
import {
  type AskedAddress,
  asBound,
  askedInWords,
  type BoundAddress,
} from '../../../../wire/addresses.ts';
import { type GuestBoot, type ProgramTerms, ToHost } from '../../../../wire/node-thread.ts';
import type { Channel } from '../channel.ts';
import { type App, LoadError } from '../load-app.ts';
import { Closing } from './closing.ts';
import { type Asked, numberOf, readListenArguments } from './listen-arguments.ts';
import { countConnections, pretend, sayListening } from './pretended.ts';
import { shimProcess, tellShutdown, whoListens } from './process-shims.ts';
import { SideListener } from './side-listener.ts';

type Listen = typeof net.Server.prototype.listen;

/** A program that asked for any free port is told which, or after so long that it listens. */
const PORT_MS = 500;

/** Who waits for a program that is loaded and has not said that it is ready is told so after so long. */
const SILENT_MS = 1000;
const UNREADY =
  "The program is loaded; it has not called process.send('ready') yet, for which the server waits (wait_ready).";

/** Of a server that named no address, such as one on a descriptor. */
const EVERYWHERE: BoundAddress = { host: '::', port: 0 };

/** What a server is to its thread. */
type Role = 'application' | 'the same' | 'its own' | 'beside';

export class Program {
  readonly #terms: ProgramTerms;
  readonly #listen: Listen = net.Server.prototype.listen;
  readonly #sides: SideListener[] = [];
  readonly #first = withResolvers<http.Server>();
  #server: http.Server | null = null;
  #failure: LoadError | null = null;
  #asked: AskedAddress | null = null;
  #bound: BoundAddress | null;
  #isLeaving = false;
  #endsItself = false;
  /** Servers that wait for their port. */
  readonly #portless = new Set<net.Server>();
  /** Without threads the worker listens, too. */
  readonly #othersWhoListen = whoListens();
  /** A server waits for the number of its host. */
  #named: Promise<void> | null = null;
  readonly #file: string;
  readonly #folder: string;
  readonly #channel: Channel;
  readonly #closing: Closing;
  /** What the file exports, once it is loaded. */
  #loaded: { readonly exported: App | null } | null = null;
  /** It is given requests. */
  #isServed = false;
  readonly #besides: AskedAddress[] = [];
  readonly #said = withResolvers<void>();

  constructor({ program: terms, appPath, folder }: GuestBoot, channel: Channel) {
    this.#terms = terms;
    this.#file = appPath;
    this.#folder = folder;
    this.#channel = channel;
    this.#closing = new Closing(channel);
    this.#bound = terms.bound;
    // It is asked for where it matters.
    this.listening.catch(() => undefined);
  }

  /** Resolves when an HTTP server listens; rejects when it cannot be served, or something beside it may not be. */
  get listening(): Promise<http.Server> {
    return this.#first.promise;
  }

  /** The application, once there is one. It goes on with one that was closed as long as no other listens. */
  get server(): http.Server | null {
    return this.#server;
  }

  /** Where it wanted to listen; null when it named no address, or has not listened. */
  get asked(): AskedAddress | null {
    return this.#asked;
  }

  /** Resolves when it may be given requests. @throws LoadError when something of it was refused */
  async servable(): Promise<void> {
    if (this.#failure !== null) throw this.#failure;
    await this.#named;
    if (this.#terms.waitReady) await this.#ready();
    this.#isServed = true;
  }

  /** The server bounds how long that may take (boot_timeout), also where the program itself waits for nothing. */
  async #ready(): Promise<void> {
    let isTold = false;
    const silent = setInterval(() => {
      if (!isTold) this.#channel.outbox.log('info', UNREADY);
      isTold = true;
    }, SILENT_MS);
    await this.#said.promise;
    clearInterval(silent);
  }

  /** To be called before the program is loaded. */
  begin(): void {
    const program = this;
    shimProcess({
      file: this.#file,
      instance: this.#terms.instance,
      args: this.#terms.args,
      folder: this.#folder,
      ready: this.#said.resolve,
      chdir: (folder) => {
        this.#channel.outbox.open().push(ToHost.chdir, folder);
        this.#channel.outbox.flush();
      },
    });
    net.Server.prototype.listen = function (this: net.Server, ...args: unknown[]): net.Server {
      const asked = readListenArguments(args);
      const { _handle } = this as unknown as { readonly _handle: object | null };
      // What is wrong with it is Node.js's to say.
      if (asked === null || _handle !== null) return Reflect.apply(program.#listen, this, args);
      return program.#listens(this, asked, args);
    } as Listen;
  }

  /** The server listens there from now on. */
  bound(address: BoundAddress): void {
    this.#bound = address;
    this.#sayWhere();
  }

  /** It has its own way to end when it is told to. */
  get endsItself(): boolean {
    return this.#endsItself;
  }

  /** The thread is to end: the program is told, and others may have what it listened on. Means nothing the second time. */
  shutdown(): void {
    if (this.#isLeaving) return;
    this.#isLeaving = true;
    for (const side of this.#sides) side.close();
    this.#closing.leave();
    this.#endsItself = tellShutdown(this.#othersWhoListen);
  }

  #listens(server: net.Server, asked: Asked, args: readonly unknown[]): net.Server {
    const { address, callback, signal } = asked;
    const role = this.#roleOf(server, address);
    if (role === 'its own') return Reflect.apply(this.#listen, server, args);
    if (callback !== null) server.once('listening', callback);
    if (signal?.aborted) process.nextTick(() => server.close());
    else signal?.addEventListener('abort', () => server.close(), { once: true });
    if (role === 'application') this.#take(server as http.Server, address);
    else if (role === 'the same') this.#pretend(server);
    else if (address !== null) this.#beside(server, address, true);
    return server;
  }

  #roleOf(server: net.Server, address: AskedAddress | null): Role {
    if (isHttp(server) && this.#isApplication(server, address)) return 'application';
    if (isHttp(server) && this.#isSame(address)) return 'the same';
    return this.#isOwn(address) ? 'its own' : 'beside';
  }

  /** The first, and what the file exports counts more; the one with the port that it was told counts most. */
  #isApplication(server: http.Server, address: AskedAddress | null): boolean {
    if (this.#loaded !== null && !belongs(server, this.#loaded.exported)) return false;
    if (this.#server === null || this.#closing.isClosed) return true;
    return this.#loaded === null && this.#told(address) > this.#told(this.#asked);
  }

  /**
   * The file is loaded, and exports this application or none. What listens by then and is another server than that goes beside it.
   * @throws LoadError when that is not allowed
   */
  settle(exported: App | null): void {
    this.#loaded = { exported };
    const server = this.#server;
    if (server !== null && !belongs(server, exported)) this.#demote(server);
    if (this.#failure !== null) throw this.#failure;
    this.#tell(exported);
  }

  /** It believes to be the application, and is not: it listens where it wanted to. */
  #demote(server: http.Server): void {
    const address = this.#asked;
    this.#server = null;
    this.#asked = null;
    const mustSay = this.#portless.delete(server);
    Reflect.deleteProperty(server, '_connections');
    if (address !== null) this.#beside(server, address, mustSay);
  }

  /** Which is which, where there are several. */
  #tell(exported: App | null): void {
    if (!this.#terms.isFirstThread) return;
    const where = this.#asked === null ? 'what the file exports' : askedInWords(this.#asked);
    const others = this.#besides.map(askedInWords).join(', ');
    if (others !== '') {
      this.#channel.outbox.log(
        'info',
        `The application is ${where}; beside it listens ${others} (other_listeners).`,
      );
    } else if (this.#server !== null && exported !== null && exported.kind !== 'server') {
      this.#channel.outbox.log(
        'info',
        `The program listens, on ${where}: its server is the application.`,
      );
    }
  }

  #take(server: http.Server, address: AskedAddress | null): void {
    const isSecure = server instanceof tls.Server;
    if (isSecure && !this.#terms.secure) {
      this.#refuse(
        server,
        'The program listens with TLS of its own, and the server would serve it without. Give the certificate to the server (--certfile, --keyfile), or let the program listen with http.createServer.',
      );
      return;
    }
    if (this.#server !== null && !this.#closing.isClosed) this.#demote(this.#server);
    this.#server = server;
    this.#closing.opened();
    this.#asked = address;
    if (this.#terms.bound === null && this.#bound !== null && !this.#isBound(address)) {
      process.emitWarning(
        `The program listens only now: what it exports is served at port ${this.#bound.port} already. Give --bind, or export nothing.`,
      );
    }
    this.#pretend(server);
    countConnections(server, () => this.#channel.underWay);
    this.#first.resolve(server);
  }

  #pretend(server: net.Server): void {
    const asked = this.#asked;
    let wanted = asked === null ? EVERYWHERE : asBound(asked);
    pretend(
      server,
      () => this.#bound ?? wanted,
      () => this.#closed(server),
    );
    const isKnown = this.#bound !== null || asked?.kind === 'path' || (asked?.port ?? 0) !== 0;
    if (!isKnown) {
      // Which port it is given is known when it is loaded, and it may be loaded only when it listens.
      this.#portless.add(server);
      setTimeout(() => this.#sayWhere(), PORT_MS);
    } else if (this.#bound !== null || asked?.kind === 'path' || isIP(wanted.host) !== 0) {
      sayListening(server);
    } else {
      this.#named = numberOf(wanted.host).then((host) => {
        wanted = { ...wanted, host };
        sayListening(server);
      });
    }
  }

  #sayWhere(): void {
    for (const server of this.#portless) sayListening(server);
    this.#portless.clear();
  }

  #closed(server: net.Server): void {
    if (server === this.#server && !this.#closing.isClosed) this.#closing.closed(this.#server);
  }

  #beside(server: net.Server, address: AskedAddress, mustSay: boolean): void {
    const { otherListeners, isFirstThread } = this.#terms;
    if (otherListeners === 'refuse') {
      this.#refuse(
        server,
        `The program listens on ${askedInWords(address)} beside its application, which other_listeners does not allow. Set it to "one" to let one thread listen there.`,
      );
      return;
    }
    this.#besides.push(address);
    this.#sides.push(new SideListener(server, address, isFirstThread ? this.#listen : null));
    if (mustSay) sayListening(server);
  }

  /** Whether its port is what --bind names, or else PORT. */
  #told(address: AskedAddress | null): 0 | 1 | 2 {
    if (address?.kind !== 'port') return 0;
    if (address.port === this.#terms.bound?.port) return 2;
    return process.env['PORT'] === String(address.port) ? 1 : 0;
  }

  #isBound(address: AskedAddress | null): boolean {
    return address?.kind === 'port' && address.port === this.#bound?.port;
  }

  /** The same address once more, such as Fastify's for ::1 beside 127.0.0.1: its requests come to the first. */
  #isSame(address: AskedAddress | null): boolean {
    const first = this.#asked;
    if (first === null || address === null) return false;
    if (first.kind === 'path') return address.kind === 'path' && address.path === first.path;
    return address.kind === 'port' && address.port === first.port && first.port !== 0;
  }

  /** Nobody else can want it: any free port, a descriptor. Or it was asked for that every thread listens. */
  #isOwn(address: AskedAddress | null): boolean {
    if (this.#terms.otherListeners === 'refuse') return address === null;
    if (address === null || this.#terms.otherListeners === 'every') return true;
    return address.kind === 'port' && address.port === 0;
  }

  /** While it boots that ends the start; later it is an error of that server, as of any that cannot listen. */
  #refuse(server: net.Server, message: string): void {
    const error = new LoadError(4, message);
    if (this.#isServed) process.nextTick(() => server.emit('error', error));
    else {
      this.#failure ??= error;
      this.#first.reject(error);
    }
  }
}

/** Node.js's kinds, and what is made of them. HTTP/2's have the event alone. */
function isHttp(server: net.Server): server is http.Server {
  const isOne = server instanceof http.Server || server instanceof https.Server;
  return isOne || server.listenerCount('request') > 0;
}

/** Whether a server that listens is what the file exports. What is made from an export cannot be told from it: it is taken for that. */
function belongs(server: http.Server, exported: App | null): boolean {
  if (exported?.kind === 'server') return exported.server === server;
  if (exported?.kind !== 'listener' || !exported.isExport) return true;
  return server.listeners('request').includes(exported.listener);
}

/** Promise.withResolvers, which Node.js 20 has not. */
function withResolvers<T>(): {
  promise: Promise<T>;
  resolve: (value: T) => void;
  reject: (error: Error) => void;
} {
  let resolve: (value: T) => void = () => undefined;
  let reject: (error: Error) => void = () => undefined;
  const promise = new Promise<T>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  return { promise, resolve, reject };
}
