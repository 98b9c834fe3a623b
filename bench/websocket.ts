// How many messages a second come back over WebSockets: `ws` in one thread of one worker against the same program on node:http
// alone, in alternating rounds. Each connection has one message under way (who waits for whom), then sixteen (what batching gives).
//   npm run bench:websocket -- [--rounds 5] [--seconds 2] [--connections 50] [--bytes 100]

import net from 'node:net';
import { parseArgs } from 'node:util';
import { frameHeader, handshake } from '../test/support/websocket-frames.ts';
import { root, tunicorn } from './contenders.ts';
import { freePort, median, printRow, type Running, start } from './load.ts';
import { quantile } from './open-loop.ts';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '2' },
    connections: { type: 'string', default: '50' },
    bytes: { type: 'string', default: '100' },
  },
});
const rounds = Number(values.rounds);
const seconds = Number(values.seconds);
const connections = Number(values.connections);
const bytes = Number(values.bytes);

const APP = 'bench-websocket.mjs';
const FOLDER = `${root}test/apps/node`;
const UNDER_WAY = [1, 16];

const HANDSHAKE = handshake('/');
/** Binary, with a mask of zeros, which changes nothing. */
const MESSAGE = Buffer.concat([
  frameHeader(2, bytes, true),
  Buffer.alloc(4),
  Buffer.alloc(bytes, 'x'),
]);
/** Of its echo: the same without a mask. */
const ECHO_BYTES = MESSAGE.length - 4;

interface Measured {
  readonly perSecond: number;
  readonly p50: number;
  readonly p99: number;
}

/** One client: sends another message for each that has come back. */
class Echoed {
  messages = 0;
  readonly tookMs: number[] = [];
  readonly #socket: net.Socket;
  readonly #sentMs: number[] = [];
  #received = 0;
  #running = true;

  constructor(socket: net.Socket) {
    this.#socket = socket;
  }

  begin(underWay: number): void {
    this.#socket.on('data', (chunk) => this.#take(chunk.length));
    for (let i = 0; i < underWay; i++) this.#sentMs.push(performance.now());
    this.#socket.write(Buffer.concat(Array<Buffer>(underWay).fill(MESSAGE)));
  }

  stop(): void {
    this.#running = false;
    this.#socket.destroy();
  }

  #take(length: number): void {
    this.#received += length;
    const nowMs = performance.now();
    let back = 0;
    for (; this.#received >= ECHO_BYTES; back++) {
      this.#received -= ECHO_BYTES;
      this.tookMs.push(nowMs - (this.#sentMs.shift() ?? nowMs));
      this.#sentMs.push(nowMs);
    }
    this.messages += back;
    if (!this.#running || back === 0) return;
    const next = back === 1 ? MESSAGE : Buffer.concat(Array<Buffer>(back).fill(MESSAGE));
    this.#socket.write(next);
  }
}

function open(port: number): Promise<net.Socket> {
  return new Promise((resolve, reject) => {
    const socket = net.connect({ port, host: '127.0.0.1', noDelay: true }, () => {
      socket.write(HANDSHAKE);
    });
    socket.once('error', reject);
    socket.once('data', (head) => {
      if (!head.toString('latin1').startsWith('HTTP/1.1 101')) reject(new Error(head.toString()));
      resolve(socket);
    });
  });
}

async function measure(port: number, underWay: number): Promise<Measured> {
  const sockets = await Promise.all(Array.from({ length: connections }, () => open(port)));
  const clients = sockets.map((socket) => new Echoed(socket));
  const beganMs = performance.now();
  for (const client of clients) client.begin(underWay);
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
  const tookSeconds = (performance.now() - beganMs) / 1000;
  for (const client of clients) client.stop();
  const all = clients.flatMap(({ tookMs }) => tookMs).sort((a, b) => a - b);
  const messages = clients.reduce((sum, client) => sum + client.messages, 0);
  return { perSecond: messages / tookSeconds, p50: quantile(all, 0.5), p99: quantile(all, 0.99) };
}

interface Contender {
  readonly name: string;
  readonly running: Running;
  readonly found: Map<number, Measured[]>;
}

async function contender(
  name: string,
  command: readonly string[],
  port: number,
): Promise<Contender> {
  return { name, running: await start(command, FOLDER, port), found: new Map() };
}

const [ours, alone] = [await freePort(), await freePort()];
const contenders = [
  await contender(
    'Tunicorn, 1 worker x 1 thread',
    [...tunicorn(ours), '--threads', '1', APP],
    ours,
  ),
  await contender('node:http alone', [process.execPath, APP, String(alone)], alone),
];
try {
  for (let round = 0; round < rounds; round++) {
    for (const underWay of UNDER_WAY) {
      for (const { running, found } of contenders) {
        const before = found.get(underWay) ?? [];
        found.set(underWay, [...before, await measure(running.port, underWay)]);
      }
    }
  }
} finally {
  for (const { running } of contenders) await running.stop();
}

console.log(
  `${connections} connections, messages of ${bytes} bytes, medians of ${rounds} rounds\n`,
);
console.log('| under way each | server | messages/s | of node:http | p50 ms | p99 ms |');
console.log('| --- | --- | --- | --- | --- | --- |');
for (const underWay of UNDER_WAY) {
  const rates = contenders.map(({ found }) => found.get(underWay)?.map((each) => each.perSecond));
  const reference = median(rates[1] ?? []);
  for (const { name, found } of contenders) {
    const all = found.get(underWay) ?? [];
    const rate = median(all.map(({ perSecond }) => perSecond));
    const [p50, p99] = [median(all.map((each) => each.p50)), median(all.map((each) => each.p99))];
    const cells = [underWay, name, Math.round(rate), (rate / reference).toFixed(2)];
    printRow([...cells.map(String), p50.toFixed(2), p99.toFixed(2)]);
  }
}
