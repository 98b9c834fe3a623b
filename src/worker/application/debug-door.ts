// Where debuggers come in (`inspect`): listens at the address of the setting and passes every connection on to the inspector of
// the thread that is debugged now. So the address stays when that thread is replaced, and it is known whether somebody
// debugs: a thread that stands still at a breakpoint is not stuck.

import net from 'node:net';
import type { Log } from '../../observe/log.ts';
import { formatBind } from '../../settings/bind.ts';
import type { InspectAddress } from '../../settings/inspect.ts';

/** While the address is taken, by the worker before this one perhaps, it is tried again so often. */
const AGAIN_MS = 500;

/** Who asks for a page (/json) and no more has so long. */
const PAGE_MS = 5000;
/** The inspector's answer to a debugger (RFC 6455, 4.2.2). */
const SWITCHED = Buffer.from('HTTP/1.1 101 ');

/** Of a thread that can be debugged. */
interface Inspected {
  readonly thread: string;
  readonly port: number;
  /** What a debugger is told: /UUID. */
  readonly path: string;
}

export class DebugDoor {
  readonly #address: InspectAddress;
  readonly #log: Log;
  readonly #server = net.createServer((client) => this.#pass(client));
  readonly #clients = new Set<net.Socket>();
  /** Those that debug: their connections have become WebSockets. */
  readonly #debuggers = new Set<net.Socket>();
  #inspected: Inspected | null = null;
  #timer: NodeJS.Timeout | undefined;
  #isTold = false;

  constructor(address: InspectAddress, log: Log) {
    this.#address = address;
    this.#log = log;
    this.#server.on('listening', () => this.#tell());
    this.#server.on('error', (error: NodeJS.ErrnoException) => this.#refused(error));
  }

  /** Somebody debugs. */
  get isEntered(): boolean {
    return this.#debuggers.size > 0;
  }

  open(): void {
    this.#server.listen(this.#address.port, this.#address.host);
  }

  /** From now on this thread is debugged. `url`: of its inspector, as it says. */
  leadTo(thread: string, url: string): void {
    const found = /^ws:\/\/127\.0\.0\.1:(\d+)(\/[\w-]+)$/.exec(url);
    if (found === null) return;
    for (const client of this.#clients) client.destroy();
    this.#inspected = { thread, port: Number(found[1]), path: found[2] ?? '' };
    if (this.#server.listening) this.#tell();
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#server.close();
    for (const client of this.#clients) client.destroy();
  }

  #pass(client: net.Socket): void {
    client.on('error', () => client.destroy());
    if (this.#inspected === null) {
      client.destroy();
      return;
    }
    const inspector = net.connect(this.#inspected.port, '127.0.0.1');
    this.#clients.add(client);
    client.setTimeout(PAGE_MS, () => client.destroy());
    inspector.once('data', (answer: Buffer) => {
      if (!answer.subarray(0, SWITCHED.length).equals(SWITCHED)) return;
      this.#debuggers.add(client);
      client.setTimeout(0);
    });
    inspector.on('error', () => client.destroy());
    inspector.on('close', () => client.destroy());
    client.on('close', () => {
      this.#clients.delete(client);
      this.#debuggers.delete(client);
      inspector.destroy();
    });
    client.pipe(inspector).pipe(client);
  }

  #tell(): void {
    const bound = this.#server.address();
    if (this.#inspected === null || bound === null || typeof bound === 'string') return;
    const { thread, path } = this.#inspected;
    const where = formatBind({ kind: 'tcp', host: bound.address, port: bound.port });
    this.#log.info(`Debugger listening on ws://${where}${path} for ${thread}`);
  }

  #refused({ code, message }: NodeJS.ErrnoException): void {
    if (!this.#isTold) {
      const where = formatBind({ kind: 'tcp', ...this.#address });
      const hope = code === 'EADDRINUSE' ? ' Tried again until it is free.' : '';
      this.#log.warning(`Nobody can debug at ${where}: ${message}.${hope}`);
    }
    this.#isTold = true;
    if (code !== 'EADDRINUSE') return;
    this.#timer = setTimeout(() => this.open(), AGAIN_MS);
  }
}
