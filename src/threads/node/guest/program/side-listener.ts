// A server of the program beside its application, for metrics or administration: it really listens, in one thread. Of all
// threads of all workers whoever binds its address first has it, and another one when that has gone.

import { createServer, type ListenOptions, type Server } from 'node:net';
import { type AskedAddress, asBound, type BoundAddress } from '../../../../wire/addresses.ts';
import { listenOptions } from './listen-arguments.ts';
import { pretend } from './pretended.ts';

/** Somebody who has the address may leave: we look again so often. */
const AGAIN_MS = 1000;

/** What can be waited for to pass. */
const TAKEN = 'EADDRINUSE';

export class SideListener {
  readonly #server: Server;
  readonly #where: ListenOptions;
  /** null while another thread has the address. */
  #real: Server | null = null;
  #again: NodeJS.Timeout | null = null;
  #closed = false;

  /** `listen`: Node.js's own; null for a thread that leaves it to others, and only pretends. */
  constructor(server: Server, address: AskedAddress, listen: Server['listen'] | null) {
    this.#server = server;
    // Exclusively: node:cluster's primary is somebody else's process.
    this.#where = { ...listenOptions(address), exclusive: true };
    pretend(
      server,
      () => this.#bound() ?? asBound(address),
      () => this.close(),
    );
    if (listen !== null) this.#listen(listen);
  }

  /** Gives the address to whoever wants it. */
  close(): void {
    this.#closed = true;
    if (this.#again !== null) clearTimeout(this.#again);
    this.#real?.close();
    this.#real = null;
  }

  #listen(really: Server['listen']): void {
    const real = createServer((socket) => void this.#server.emit('connection', socket));
    real.on('error', (error: NodeJS.ErrnoException) => {
      if (this.#closed) return;
      if (error.code !== TAKEN) {
        this.#server.emit('error', error);
        return;
      }
      this.#again = setTimeout(() => this.#listen(really), AGAIN_MS).unref();
    });
    const listening = (): void => {
      if (this.#closed) real.close();
      else this.#real = real;
    };
    Reflect.apply(really, real, [this.#where, listening]);
    real.unref();
  }

  #bound(): BoundAddress | null {
    const bound = this.#real?.address() ?? null;
    if (bound === null) return null;
    if (typeof bound === 'string') return { host: bound, port: 0 };
    return { host: bound.address, port: bound.port };
  }
}
