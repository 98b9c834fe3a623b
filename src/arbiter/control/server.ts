// The control socket: HTTP on a unix socket that only those may open whom its mode lets. Node.js's own server speaks it, loaded
// when the first client comes. It shares the arbiter's loop and is bounded in everything: clients, bytes and time.

import { chmodSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import type { Server as HttpServer, IncomingMessage, ServerResponse } from 'node:http';
import net from 'node:net';
import { dirname, join } from 'node:path';
import { messageOf } from '../../message-of.ts';
import { UNIX_PATH_BYTES_MAX } from '../../settings/bind.ts';
import { lives } from '../service/pid-file.ts';
import { freeSocketPath, SocketFile } from '../sockets/socket-path.ts';
import { ENDING } from './place.ts';

const CLIENTS_MAX = 32;
/** A request of ours is some hundred bytes. */
const BODY_BYTES_MAX = 64 * 1024;
const REQUEST_MS = 5_000;
const IDLE_MS = 30_000;

export interface ControlRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  /** As it came; JSON where anything is expected. */
  readonly body: string;
}

export interface ControlReply {
  readonly status: number;
  readonly body: object;
}

export type Answerer = (request: ControlRequest) => Promise<ControlReply>;

export class ControlServer {
  readonly #net: net.Server;
  readonly #answer: Answerer;
  readonly #clients = new Set<net.Socket>();
  #http: Promise<HttpServer> | null = null;
  readonly #path: string;
  /** null until it listens. */
  #file: SocketFile | null = null;

  private constructor(path: string, answer: Answerer) {
    this.#path = path;
    this.#answer = answer;
    this.#net = net.createServer((socket) => void this.#serve(socket));
    this.#net.maxConnections = CLIENTS_MAX;
  }

  /** Rejects with an Error with a sentence for people. */
  static async open(path: string, mode: number, answer: Answerer): Promise<ControlServer> {
    const bytes = Buffer.byteLength(path);
    if (bytes > UNIX_PATH_BYTES_MAX) {
      const room = `a unix socket's has at most ${UNIX_PATH_BYTES_MAX}`;
      throw new Error(`the path ${path} has ${bytes} bytes, and ${room}; see --control-socket.`);
    }
    const folder = dirname(path);
    try {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
    } catch (error) {
      throw new Error(`Cannot make ${folder}: ${messageOf(error)}`);
    }
    removeLeft(folder);
    await freeSocketPath(path, '--control-socket');
    const server = new ControlServer(path, answer);
    await server.#listen(mode);
    return server;
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#net.once('close', resolve));
    this.#file?.closeWith(() => this.#net.close());
    for (const socket of this.#clients) socket.destroy();
    await closed;
  }

  #listen(mode: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#net.once('error', (error) => reject(new Error(messageOf(error))));
      // Nobody may come in between: the mask takes all rights of others until the mode is set.
      const before = process.umask(0o177);
      this.#net.listen(this.#path, () => {
        try {
          chmodSync(this.#path, mode);
        } catch (error) {
          this.#net.close();
          reject(new Error(messageOf(error)));
          return;
        }
        this.#file = new SocketFile(this.#path);
        this.#net.unref();
        resolve();
      });
      process.umask(before);
    });
  }

  async #serve(socket: net.Socket): Promise<void> {
    this.#clients.add(socket);
    socket.once('close', () => this.#clients.delete(socket));
    socket.on('error', () => undefined);
    this.#http ??= this.#speaker();
    const http = await this.#http;
    if (!socket.destroyed) http.emit('connection', socket);
  }

  async #speaker(): Promise<HttpServer> {
    const { createServer } = await import('node:http');
    const terms = {
      headersTimeout: REQUEST_MS,
      requestTimeout: REQUEST_MS,
      keepAliveTimeout: IDLE_MS,
      connectionsCheckingInterval: REQUEST_MS,
    };
    return createServer(terms, (request, response) => void this.#exchange(request, response));
  }

  async #exchange(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let reply: ControlReply;
    try {
      const { pathname, searchParams } = new URL(request.url ?? '/', 'http://control');
      const body = await bodyOf(request);
      const { method = 'GET' } = request;
      reply =
        body === null
          ? { status: 413, body: { error: `A request has at most ${BODY_BYTES_MAX} bytes.` } }
          : await this.#answer({ method, path: pathname, query: searchParams, body });
    } catch (error) {
      reply = { status: 500, body: { error: messageOf(error) } };
    }
    if (response.destroyed) return;
    response.writeHead(reply.status, { 'content-type': 'application/json' });
    response.end(`${JSON.stringify(reply.body)}\n`);
  }
}

/** null: it is too long. */
async function bodyOf(request: IncomingMessage): Promise<string | null> {
  let text = '';
  request.setEncoding('utf8');
  for await (const piece of request) {
    text += String(piece);
    if (text.length > BODY_BYTES_MAX) return null;
  }
  return text;
}

/** Those that are called by the id of a process that was killed. */
function removeLeft(folder: string): void {
  for (const name of readdirSync(folder)) {
    const pid = new RegExp(`^(\\d+)\\${ENDING}$`).exec(name)?.[1];
    if (pid !== undefined && !lives(Number(pid))) rmSync(join(folder, name), { force: true });
  }
}
