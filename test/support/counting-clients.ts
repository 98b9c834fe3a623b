// Keep-alive clients that count every loss: a request is lost when its connection ends, or is refused, before the whole
// answer is here. One that was told `Connection: close` opens another connection, as every client does.

import net from 'node:net';

/** Who has no answer so long after the end will get none: it is lost. */
const LAST_ANSWER_MS = 10_000;

export class CountingClients {
  answered = 0;
  /** How often a client had to connect anew, because it was told to. */
  reconnects = 0;
  /** One line for each request that was lost, or answered with anything but 200. */
  readonly lost: string[] = [];
  readonly #port: number;
  readonly #request: string;
  readonly #over: Promise<void>[];
  readonly #giveUps = new Set<() => void>();
  #stopped = false;

  /**
   * They ask as fast as they are answered, so that one of theirs is always under way. `path`: best one that takes a moment without
   * computing, or they and the server take all of the processor.
   */
  constructor(port: number, count: number, path = '/') {
    this.#port = port;
    this.#request = `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`;
    this.#over = Array.from({ length: count }, () => this.#live());
  }

  /** Resolves when each has its last answer. */
  async stop(): Promise<void> {
    this.#stopped = true;
    const late = setTimeout(() => {
      for (const giveUp of this.#giveUps) giveUp();
    }, LAST_ANSWER_MS);
    await Promise.all(this.#over);
    clearTimeout(late);
  }

  async #live(): Promise<void> {
    while (!this.#stopped) {
      const lost = await this.#oneConnection();
      if (lost === null) this.reconnects += 1;
      else this.lost.push(lost);
    }
  }

  /** Resolves when it has ended: null, or how a request was lost on it. */
  #oneConnection(): Promise<string | null> {
    return new Promise((resolve) => {
      const socket = net.connect(this.#port, '127.0.0.1');
      let text = '';
      const giveUp = (): void => end('no answer');
      const end = (lost: string | null): void => {
        this.#giveUps.delete(giveUp);
        socket.destroy();
        resolve(lost);
      };
      this.#giveUps.add(giveUp);
      socket.setNoDelay(true);
      socket.setEncoding('latin1');
      socket.on('connect', () => socket.write(this.#request));
      socket.on('error', ({ message }) => end(message));
      socket.on('end', () => end(`closed after ${JSON.stringify(text)}`));
      socket.on('data', (bytes: string) => {
        text += bytes;
        const head = wholeHead(text);
        if (head === null) return;
        text = '';
        if (head.startsWith('HTTP/1.1 200 ')) this.answered += 1;
        else this.lost.push(head);
        if (/^connection: close/im.test(head) || this.#stopped) end(null);
        else socket.write(this.#request);
      });
    });
  }
}

/** The head of an answer that is here with its whole body; null while it is not. */
function wholeHead(text: string): string | null {
  const headEnd = text.indexOf('\r\n\r\n');
  if (headEnd === -1) return null;
  const head = text.slice(0, headEnd);
  const length = Number(/^content-length: (\d+)/im.exec(head)?.[1] ?? Number.NaN);
  if (Number.isNaN(length)) throw new Error(`an answer without a length: ${head}`);
  return text.length >= headEnd + 4 + length ? head : null;
}
