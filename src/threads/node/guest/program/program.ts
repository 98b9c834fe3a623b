// A program that was not written for this server and calls `listen` itself. Its first HTTP server becomes the application and
// binds nothing; what it listens on beside that is let through in one thread, in all, or not at all (`other_listeners`).

import http from 'node:http';
import net from 'node:net';
import tls from 'node:tls';
import type { AskedAddress, BoundAddress } from '../../../../wire/addresses.ts';
import { LOG_LEVELS } from '../../../../wire/log-levels.ts';
import { type GuestBoot, type ProgramTerms, ToHost } from '../../../../wire/node-thread.ts';
import type { Channel } from '../channel.ts';
import { type App, LoadError } from '../load-app.ts';
import { type Asked, readListenArguments } from './listen-arguments.ts';
import { closeIfIdle, countConnections, pretend, sayListening } from './pretended.ts';
import { shimProcess, tellShutdown, whoListens } from './process-shims.ts';
import { SideListener } from './side-listener.ts';

type Listen = typeof net.Server.prototype.listen;

/** An HTTP server of any kind of Node.js; what HTTP/2 has beside it is not served. */
export type HttpServer = http.Server;

/** A program that asked for any free port is told which, or after so long that it listens. */
const PORT_MS = 500;

/** A program that closes its server to open another does so sooner. */
const CLOSED_MS = 1000;

const UNKNOWN: BoundAddress = { host: '::', port: 0 };

export class Program {
  readonly #terms: ProgramTerms;
  readonly #listen: Listen = net.Server.prototype.listen;
  readonly #sides: SideListener[] = [];
  readonly #heard: (server: HttpServer) => void;
  readonly #refused: (error: LoadError) => void;
  /** Resolves when an HTTP server listens; rejects when it cannot be served, or something beside it may not be. */
  readonly listening: Promise<HttpServer>;
  #server: HttpServer | null = null;
  #failure: LoadError | null = null;
  #asked: AskedAddress | null = null;
  #bound: BoundAddress | null;
  #isLeaving = false;
  #endsItself = false;
  /** Servers that wait for their port. */
  readonly #portless = new Set<net.Server>();
  /** Without threads the worker listens, too. */
  readonly #othersWhoListen = whoListens();
  readonly #file: string;
  readonly #channel: Channel;
  /** The program has closed its server. It goes on with that as long as no other listens. */
  #isClosed = false;
  #isUseless = false;
  #hasSaidClosed = false;
  /** What the file exports, once it is loaded. */
  #loaded: { readonly exported: App | null } | null = null;
  /** It is given requests. */
  #isServed = false;
  readonly #besides: AskedAddress[] = [];
  readonly #said = withResolvers<void>();

  constructor({ program: terms, appPath }: GuestBoot, channel: Channel) {
    this.#terms = terms;
    this.#file = appPath;
    this.#channel = channel;
    channel.onOver = () => this.#requestOver();
    this.#bound = terms.bound;
    const { promise, resolve, reject } = withResolvers<HttpServer>();
    this.listening = promise;
    this.#heard = resolve;
    this.#refused = reject;
    // It is asked for where it matters.
    promise.catch(() => undefined);
  }

  /** The application, once there is one. */
  get server(): HttpServer | null {
    return this.#server;
  }

  /** Where it wanted to listen; null when it named no address, or has not listened. */
  get asked(): AskedAddress | null {
    return this.#asked;
  }

  /** Resolves when it may be given requests. @throws LoadError when something of it was refused */
  async servable(): Promise<void> {
    if (this.#failure !== null) throw this.#failure;
    if (this.#terms.waitReady) await this.#said.promise;
    this.#isServed = true;
    if (this.#isClosed) this.#rest(true);
  }

  /** To be called before the program is loaded. */
  begin(): void {
    const program = this;
    shimProcess({
      file: this.#file,
      instance: this.#terms.instance,
      args: this.#terms.args,
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
    this.#endsItself = tellShutdown(this.#othersWhoListen);
  }

  #listens(server: net.Server, asked: Asked, args: readonly unknown[]): net.Server {
    const { address, callback, signal } = asked;
    const isFirst = isHttp(server) && this.#isApplication(server as HttpServer, address);
    if (!isFirst && !this.#isSame(server, address) && this.#isOwn(address)) {
      return Reflect.apply(this.#listen, server, args);
    }
    if (callback !== null) server.once('listening', callback);
    if (signal?.aborted) process.nextTick(() => server.close());
    else signal?.addEventListener('abort', () => server.close(), { once: true });
    if (isFirst) this.#take(server as HttpServer, address);
    else if (this.#isSame(server, address)) this.#pretend(server);
    else this.#beside(server, address as AskedAddress, true);
    return server;
  }

  /** The first, and what the file exports counts more; the one with the port that the server was told counts most. */
  #isApplication(server: HttpServer, address: AskedAddress | null): boolean {
    if (this.#loaded !== null && !belongs(server, this.#loaded.exported)) return false;
    if (this.#server === null || this.#isClosed) return true;
    const isBetter = this.#terms.bound !== null && this.#isBound(address);
    if (this.#loaded !== null || this.#isBound(this.#asked) || !isBetter) return false;
    this.#demote(this.#server);
    return true;
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
  #demote(server: HttpServer): void {
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
    const where = this.#asked === null ? 'what the file exports' : describe(this.#asked);
    const others = this.#besides.map(describe).join(', ');
    if (others !== '') {
      this.#log(`The application is ${where}; beside it listens ${others} (other_listeners).`);
    } else if (this.#server !== null && exported !== null && exported.kind !== 'server') {
      this.#log(`The program listens, on ${where}: its server is the application.`);
    }
  }

  #log(text: string): void {
    this.#channel.outbox.open().push(ToHost.log, LOG_LEVELS.indexOf('info'), text);
  }

  #take(server: HttpServer, address: AskedAddress | null): void {
    const isSecure = server instanceof tls.Server;
    if (isSecure && !this.#terms.secure) {
      this.#refuse(
        server,
        'The program listens with TLS of its own, and the server would serve it without. Give the certificate to the server (--certfile, --keyfile), or let the program listen with http.createServer.',
      );
      return;
    }
    this.#server = server;
    if (this.#isClosed) this.#rest(false);
    this.#hasSaidClosed = false;
    this.#isClosed = false;
    this.#asked = address;
    if (this.#terms.bound === null && this.#bound !== null && !this.#isBound(address)) {
      process.emitWarning(
        `The program listens only now: what it exports is served at port ${this.#bound.port} already. Give --bind, or export nothing.`,
      );
    }
    this.#pretend(server);
    countConnections(server, () => this.#channel.underWay);
    this.#heard(server);
  }

  #pretend(server: net.Server): void {
    const address = (): BoundAddress => this.#bound ?? asBound(this.#asked);
    pretend(server, address, () => this.#closed(server));
    const isKnown = this.#bound !== null || address().port !== 0 || address().host.startsWith('/');
    if (isKnown) {
      sayListening(server);
      return;
    }
    // Which port it is given is known when it is loaded, and it may be loaded only when it listens.
    this.#portless.add(server);
    setTimeout(() => this.#sayWhere(), PORT_MS);
  }

  #sayWhere(): void {
    for (const server of this.#portless) sayListening(server);
    this.#portless.clear();
  }

  /** What it had begun, and what comes before another server listens, it still answers. */
  #closed(server: net.Server): void {
    if (server !== this.#server || this.#isClosed) return;
    this.#isClosed = true;
    // Then Node.js says it by itself.
    this.#hasSaidClosed = this.#channel.underWay === 0;
    if (this.#isLeaving) return;
    this.#rest(true);
    setTimeout(() => this.#useless(), CLOSED_MS).unref();
  }

  /** Others are given what it would have been given. */
  #rest(isResting: boolean): void {
    if (this.#isServed) this.#channel.outbox.open().push(ToHost.rest, isResting ? 1 : 0);
  }

  /** Whether to end is the server's to say: a program without an HTTP server has no use for its thread any more. */
  #useless(): void {
    if (!this.#isClosed || this.#isLeaving) return;
    process.emitWarning(
      'The program has closed its HTTP server: its thread ends once it runs no request, and another takes its place.',
    );
    this.#isUseless = true;
    this.#endIfUseless();
  }

  #requestOver(): void {
    if (this.#isClosed && !this.#hasSaidClosed && this.#channel.underWay === 0) {
      this.#hasSaidClosed = true;
      if (this.#server !== null) closeIfIdle(this.#server);
    }
    this.#endIfUseless();
  }

  #endIfUseless(): void {
    if (!this.#isUseless || !this.#isClosed || this.#channel.underWay > 0) return;
    // Behind its 'close', and behind the last answer.
    setImmediate(() => {
      this.#channel.outbox.flush();
      if (this.#channel.underWay === 0) process.exit(0);
    });
  }

  #beside(server: net.Server, address: AskedAddress, mustSay: boolean): void {
    const { otherListeners, isFirstThread } = this.#terms;
    if (otherListeners === 'refuse') {
      this.#refuse(
        server,
        `The program listens on ${describe(address)} beside its application, which other_listeners does not allow. Set it to "one" to let one thread listen there.`,
      );
      return;
    }
    this.#besides.push(address);
    this.#sides.push(new SideListener(server, address, isFirstThread ? this.#listen : null));
    if (mustSay) sayListening(server);
  }

  #isBound(address: AskedAddress | null): boolean {
    return address?.kind === 'port' && address.port === this.#bound?.port;
  }

  /** The same address once more, such as Fastify's for ::1 beside 127.0.0.1: its requests come to the first. */
  #isSame(server: net.Server, address: AskedAddress | null): boolean {
    const first = this.#asked;
    if (!isHttp(server) || first === null || address === null) return false;
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
      this.#refused(error);
    }
  }
}

/** Node.js's three kinds, and what is made of them. HTTP/2's have the event alone. */
function isHttp(server: net.Server): boolean {
  return (
    server instanceof http.Server || server.listenerCount('request') > 0 || isSecureHttp(server)
  );
}

/** Whether a server that listens is what the file exports. What is made from an export cannot be told from it: it is taken for that. */
function belongs(server: HttpServer, exported: App | null): boolean {
  if (exported?.kind === 'server') return exported.server === server;
  if (exported?.kind !== 'listener' || !exported.isExport) return true;
  return server.listeners('request').includes(exported.listener);
}

function isSecureHttp(server: net.Server): boolean {
  return server instanceof tls.Server && 'closeIdleConnections' in server;
}

function asBound(asked: AskedAddress | null): BoundAddress {
  if (asked === null) return UNKNOWN;
  if (asked.kind === 'path') return { host: asked.path, port: 0 };
  return { host: asked.host ?? UNKNOWN.host, port: asked.port };
}

function describe(address: AskedAddress): string {
  if (address.kind === 'path') return address.path;
  return address.host === null ? `port ${address.port}` : `${address.host}:${address.port}`;
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
