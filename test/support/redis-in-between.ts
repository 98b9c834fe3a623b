// Stands between a server and its Redis: passes on what both say, late if it should, or answers scripts in the store's place, or
// lets nobody through.

import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

export class InBetween {
  /** Answers of the store come so much later. */
  delayMs = 0;
  /** What a script is answered instead; null: the store answers. */
  answer: string | null = null;
  readonly #server: Server;
  readonly #storePort: number;
  readonly #open = new Set<Socket>();
  #refuses = false;
  /** Connections that it has taken, and scripts that it has seen. */
  taken = 0;
  scripts = 0;

  private constructor(storePort: number) {
    this.#storePort = storePort;
    this.#server = createServer((socket) => this.#took(socket));
  }

  static async to(storePort: number): Promise<InBetween> {
    const made = new InBetween(storePort);
    await once(made.#server.listen(0, '127.0.0.1'), 'listening');
    return made;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Everybody is cut off, and who comes is, too. */
  cut(): void {
    this.#refuses = true;
    for (const socket of this.#open) socket.resetAndDestroy();
  }

  /** The other way round. */
  mend(): void {
    this.#refuses = false;
    this.answer = null;
    this.delayMs = 0;
  }

  end(): void {
    this.cut();
    this.#server.close();
  }

  #took(client: Socket): void {
    this.taken += 1;
    if (this.#refuses) {
      client.resetAndDestroy();
      return;
    }
    const store = connect(this.#storePort, '127.0.0.1');
    for (const [socket, other] of [
      [client, store],
      [store, client],
    ] as const) {
      this.#open.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        this.#open.delete(socket);
        other.destroy();
      });
    }
    client.on('data', (chunk) => {
      const { answer } = this;
      const scripts = chunk.toString('latin1').match(/\r\nEVAL(SHA)?\r\n/gi)?.length ?? 0;
      this.scripts += scripts;
      if (answer === null || scripts === 0) store.write(chunk);
      else client.write(answer.repeat(scripts), 'latin1');
    });
    store.on('data', (chunk) => {
      if (this.delayMs === 0) client.write(chunk);
      else setTimeout(() => client.write(chunk), this.delayMs).unref();
    });
  }
}
