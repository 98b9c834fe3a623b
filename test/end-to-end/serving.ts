// What the end-to-end tests of applications share: a real server for all tests of a file, requests in one line, and
// looks from outside at what the server has taken in. The clients are the strict ones of test/support.

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, readlink, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, type TestContext } from 'node:test';
import type { ConnectionOptions } from 'node:tls';
import { fileURLToPath } from 'node:url';
import type { TestCertificate } from '../support/certificates.ts';
import { RawClient, type RawResponse } from '../support/raw-client.ts';
import { commandPath, type Server, startServer } from '../support/server.ts';

export { eventually } from '../support/eventually.ts';
export type { RawClient, RawResponse };

/** The checkout; the compiled twin of this file lies three folders below it. */
export const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
export const WSGI_APPS = join(ROOT, 'test/apps/wsgi');
export const NODE_APPS = join(ROOT, 'test/apps/node');

/** The Python that has Flask and Django; `npm test` finds it. The other one is for a test run by hand. */
export const PYTHON = process.env['TUNICORN_TEST_PYTHON'] ?? '/usr/bin/python3';

export interface Question {
  readonly method?: string;
  /** Field lines without their end; Host is added when none of them is one. */
  readonly fields?: readonly string[];
  readonly body?: string | Buffer;
  /** The body in chunks of several sizes instead of with a length. */
  readonly chunked?: boolean;
}

/** A running server and the context whose end stops it and its clients. */
export class Served {
  readonly server: Server;
  readonly #context: TestContext;
  /** PEM; null without TLS. */
  readonly #ca: string | null;

  constructor(context: TestContext, server: Server, ca: string | null = null) {
    this.#context = context;
    this.server = server;
    this.#ca = ca;
  }

  get port(): number {
    return this.server.port;
  }

  get pid(): number {
    return this.server.pid;
  }

  /** With TLS if the server has it. */
  connect(): Promise<RawClient> {
    return this.#ca === null ? this.connectPlainly() : this.connectSecurely({});
  }

  /** TCP and nothing more. */
  connectPlainly(): Promise<RawClient> {
    return RawClient.connect(this.#context, this.port);
  }

  connectSecurely(options: ConnectionOptions): Promise<RawClient> {
    const ca = this.#ca ?? undefined;
    return RawClient.connectSecurely(this.#context, this.port, { ca, ...options });
  }

  log(): string {
    return this.server.log();
  }

  childPids(): number[] {
    return this.server.childPids();
  }

  async stop(): Promise<void> {
    await this.server.stop();
  }
}

let context: TestContext | undefined;
const folders: string[] = [];

// Servers, clients and folders of a file end with the file.
before((root) => {
  if ('after' in root) context = root as TestContext;
});
after(async () => {
  for (const folder of folders) await rm(folder, { recursive: true, force: true });
});

export interface Place {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly readyWorkers?: number;
  readonly ulimit?: string;
  /** Serves with TLS, and asks with it. */
  readonly certificate?: TestCertificate;
}

async function serve(app: string, args: readonly string[], place: Place): Promise<Served> {
  if (context === undefined) throw new Error('serve only from a hook or a test');
  const { certificate, ...rest } = place;
  const all = [...(certificate?.args ?? []), ...args];
  const server = await startServer(context, { app, args: all, ...rest });
  return new Served(context, server, certificate?.cert ?? null);
}

/** Serves an application of test/apps/wsgi (or of `cwd`) with the Python of the tests. */
export function serveWsgi(
  app: string,
  args: readonly string[],
  place: Place = {},
): Promise<Served> {
  return serve(app, ['--python', PYTHON, ...args], { cwd: WSGI_APPS, ...place });
}

/** Serves an application of test/apps/node (or of `cwd`). */
export function serveNode(
  app: string,
  args: readonly string[],
  place: Place = {},
): Promise<Served> {
  return serve(app, args, { cwd: NODE_APPS, ...place });
}

/** One request on a connection of its own. Rejects when the response is cut off or badly framed. */
export async function ask(
  served: Served,
  path: string,
  question: Question = {},
): Promise<RawResponse> {
  const { method = 'GET' } = question;
  const client = await served.connect();
  try {
    await client.send(requestBytes(method, path, question));
    return await client.readResponse({ toHead: method === 'HEAD' });
  } finally {
    client.destroy();
  }
}

/** Exactly these bytes (text as latin-1) on a connection of its own, and what comes back. */
export async function askRaw(served: Served, bytes: string): Promise<RawResponse> {
  const client = await served.connect();
  try {
    await client.send(bytes);
    return await client.readResponse();
  } finally {
    client.destroy();
  }
}

export function requestBytes(method: string, path: string, question: Question): Buffer {
  const { fields = [], body, chunked = false } = question;
  const lines = [`${method} ${path} HTTP/1.1`, ...fields];
  if (!fields.some((line) => /^host:/i.test(line))) lines.push('Host: localhost');
  const bytes = typeof body === 'string' ? Buffer.from(body) : (body ?? Buffer.alloc(0));
  if (body !== undefined) {
    lines.push(chunked ? 'Transfer-Encoding: chunked' : `Content-Length: ${bytes.length}`);
  }
  const head = Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
  return Buffer.concat([head, chunked ? inChunks(bytes) : bytes]);
}

function inChunks(bytes: Buffer): Buffer {
  const pieces: Buffer[] = [];
  // Sizes that fall across every boundary: one byte, an odd few, more than a read of the server takes at once.
  const sizes = [1, 7, 1000, 100_000];
  for (let from = 0, turn = 0; from < bytes.length; turn++) {
    const piece = bytes.subarray(from, from + (sizes[turn % sizes.length] ?? 1));
    pieces.push(Buffer.from(`${piece.length.toString(16)}\r\n`), piece, Buffer.from('\r\n'));
    from += piece.length;
  }
  return Buffer.concat([...pieces, Buffer.from('0\r\n\r\n')]);
}

export function json(reply: RawResponse): unknown {
  if (reply.status !== 200) throw new Error(`${reply.status} ${reply.reason}: ${reply.body}`);
  return JSON.parse(reply.body.toString());
}

/** A field that stands once at most; null when it is absent. */
export function fieldOf(reply: RawResponse, name: string): string | null {
  return reply.field(name) ?? null;
}

export function fieldsOf(reply: RawResponse, name: string): string[] {
  return reply.fields.filter(([each]) => each.toLowerCase() === name).map(([, value]) => value);
}

/** The command without waiting for readiness: what it printed and how it ended. */
export async function runToEnd(
  args: readonly string[],
  cwd: string,
): Promise<{ code: number | null; output: string }> {
  const child: ChildProcess = spawn(
    process.execPath,
    [commandPath, '--bind', '127.0.0.1:0', ...args],
    {
      cwd,
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: 60_000,
    },
  );
  let output = '';
  child.stdout?.on('data', (text) => (output += text));
  child.stderr?.on('data', (text) => (output += text));
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  return { code, output };
}

/** @param files what is in it, by name */
export async function temporaryFolder(
  files: Readonly<Record<string, string>> = {},
): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'tunicorn-test-'));
  folders.push(folder);
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  return folder;
}

/** A named pipe: the application that opens it waits until the test opens the other end. */
export async function makeFifo(): Promise<string> {
  const path = join(await temporaryFolder(), 'fifo');
  execFileSync('mkfifo', [path]);
  return path;
}

/** Whoever listens there. */
export type Port = Pick<Served, 'port'>;

/** The server has accepted this client's connection and read all that the client sent. */
export async function hasRead(served: Port, client: RawClient): Promise<boolean> {
  const row = await rowOf(served, client.localPort);
  return row !== undefined && row.inode !== '0' && row.unread === 0;
}

/** The server's kernel has this client's end, and the server has read all that came before. */
export async function hasEnded(served: Served, client: RawClient): Promise<boolean> {
  const row = await rowOf(served, client.localPort);
  return row?.state === CLOSE_WAIT && row.unread === 0;
}

/** Bytes that the server's kernel holds for this client. */
export async function bytesForClient(served: Port, client: RawClient): Promise<number> {
  return (await rowOf(served, client.localPort))?.unsent ?? 0;
}

/** The server still holds the connection of the client that has (or had) this local port. */
export async function isHeld(served: Served, localPort: number): Promise<boolean> {
  const row = await rowOf(served, localPort);
  return row !== undefined && row.inode !== '0';
}

/** Of /proc/net/tcp: the other side has ended, ours has not. */
const CLOSE_WAIT = '08';

async function rowOf(
  served: Port,
  localPort: number,
): Promise<{ inode: string; unsent: number; unread: number; state: string } | undefined> {
  const port = (text: string | undefined) => Number.parseInt(text?.split(':')[1] ?? '', 16);
  for (const line of (await readFile('/proc/net/tcp', 'latin1')).split('\n')) {
    const [, local, remote, state = '', queues, , , , , inode = '0'] = line.trim().split(/\s+/);
    if (port(local) === served.port && port(remote) === localPort) {
      const [unsent = '0', unread = '0'] = queues?.split(':') ?? [];
      return {
        inode,
        state,
        unsent: Number.parseInt(unsent, 16),
        unread: Number.parseInt(unread, 16),
      };
    }
  }
  return undefined;
}

/** What a process's descriptors lead to; empty when it has gone. */
export async function openFilesOf(pid: number): Promise<string[]> {
  const names = await readdir(`/proc/${pid}/fd`).catch(() => []);
  return Promise.all(names.map((name) => readlink(`/proc/${pid}/fd/${name}`).catch(() => '')));
}
