// Rows about clients that are slow on purpose: they drip a head or a body, do not read, or say nothing at all.

import { type Attack, count, type Tally, total } from '../attack.ts';
import { Crowd, type Manners } from '../crowd.ts';
import { requestFor } from '../target.ts';
import { type Row, slower, usualClients } from './row.ts';

/** Longer than anybody waits for a byte a second. */
const BODY_BYTES = 1_000;

/** Both at once, as one. */
class Both implements Attack {
  readonly begun: Promise<void>;
  readonly over: Promise<void>;
  readonly #parts: readonly Attack[];

  constructor(...parts: readonly Attack[]) {
    this.#parts = parts;
    this.begun = Promise.all(parts.map((part) => part.begun)).then(() => undefined);
    this.over = Promise.all(parts.map((part) => part.over)).then(() => undefined);
  }

  async stop(): Promise<Tally> {
    const all = new Map<string, number>();
    for (const tally of await Promise.all(this.#parts.map((part) => part.stop()))) {
      for (const [what, many] of tally) all.set(what, (all.get(what) ?? 0) + many);
    }
    return all;
  }
}

/** Who is still there after the deadline, and who ended otherwise than the server's states say. */
function unended(attackers: Tally, ...right: readonly string[]): string[] {
  const found: string[] = [];
  const there = count(attackers, 'still there');
  if (there > 0) found.push(`${there} were still there after the deadline`);
  const others = total(attackers) - there - count(attackers, ...right);
  if (others > 0) found.push(`${others} were not ended by ${right[0]}`);
  return found;
}

function dripping(manners: Manners, path: string, number: number, what: string): Row {
  return {
    number,
    happens: (_scene, { crowd }) => `${crowd} clients drip ${what}, a byte a second`,
    clients: usualClients,
    measured: 'beside',
    deadline: ({ deadlines: { head, body, bodyRate } }) =>
      path === '' ? head : body + BODY_BYTES / bodyRate,
    start: ({ target, paths }, { crowd }) => ({
      attack: new Crowd(target, crowd, {
        ...manners,
        opening: (index) => manners.opening(index).replace('PATH', path === '' ? '/' : paths.read),
      }),
    }),
    faults: (played, _scene, pace) => [
      ...slower(played, pace, 'during'),
      ...slower(played, pace, 'after'),
      ...(played.notWaited ? [] : unended(played.attackers, '408')),
    ],
  };
}

/** Row 2: the deadline of a head is over the whole of it. */
export const slowHeads = dripping(
  { opening: () => 'GET PATH HTTP/1.1\r\nHost: localhost\r\nX-Slow: ', drip: () => 'x' },
  '',
  2,
  'a request head',
);

/** Row 3: one half with a length, the other in chunks. */
export const slowBodies = dripping(
  {
    opening: (index) => {
      const framing =
        index % 2 === 0 ? `Content-Length: ${BODY_BYTES}` : 'Transfer-Encoding: chunked';
      return `POST PATH HTTP/1.1\r\nHost: localhost\r\n${framing}\r\n\r\n`;
    },
    drip: (index) => (index % 2 === 0 ? 'x' : '1\r\nx\r\n'),
  },
  'read',
  3,
  'a body (with a length, and in chunks)',
);

/** Row 4. */
export const slowReaders: Row = {
  number: 4,
  happens: (_scene, { crowd, bigBytes }) =>
    `${crowd} clients ask for ${(bigBytes / 1_000_000).toFixed(0)} MB each and do not read`,
  clients: usualClients,
  measured: 'beside',
  rush: true,
  // Deaf clients see their end only when they are made to listen: the deadline is always waited for.
  deadline: ({ deadlines: { write } }) => write,
  start: ({ target, paths }, { crowd, bigBytes }) => ({
    attack: new Crowd(target, crowd, {
      opening: () => requestFor(paths.big(bigBytes)),
      deaf: true,
    }),
  }),
  faults: (played, _scene, pace) => [
    ...slower(played, pace, 'during'),
    ...slower(played, pace, 'after'),
    // What the kernels of both sides had room for was delivered, as far as a server can know.
    ...(played.notWaited
      ? []
      : unended(played.attackers, 'reset', 'cut off', 'closed', '503', 'served whole')),
  ],
};

/** Row 5: half of the crowd never says a word, half had its answer and keeps its connection. */
export const silentConnections: Row = {
  number: 5,
  happens: ({ connections }, pace) => {
    const each = silentEach(connections, pace.crowd);
    return `${each} silent and ${each} idle keep-alive connections at worker_connections ${connections}`;
  },
  // New clients, each request a connection of its own: it is they who must get in.
  clients: ({ paths }, { clients }) => ({ path: paths.normal, count: clients, fresh: true }),
  measured: 'beside',
  deadline: ({ deadlines: { firstByte, keepAlive } }) => Math.max(firstByte, keepAlive),
  start: ({ target, paths, connections }, { crowd }) => {
    const each = silentEach(connections, crowd);
    const silent = new Crowd(target, each, { opening: () => '', staysAfterAnswer: true });
    const idle = new Crowd(target, each, {
      opening: () => requestFor(paths.normal),
      staysAfterAnswer: true,
    });
    return { attack: new Both(silent, idle) };
  },
  faults: (played, _scene, pace) => [
    ...slower(played, pace, 'during'),
    ...slower(played, pace, 'after'),
    ...(played.notWaited ? [] : unended(played.attackers, 'closed', 'reset')),
  ],
};

/** At least what fills the worker, whatever its limit; bounded by what one process can open. */
function silentEach(connections: number, crowd: number): number {
  return Math.min(Math.max(crowd, connections), 2_000);
}

/** Row 13. */
export const stalledHandshakes: Row = {
  number: 13,
  happens: (_scene, { crowd }) => `${crowd} TLS handshakes that stall after their first bytes`,
  clients: usualClients,
  measured: 'beside',
  deadline: ({ deadlines: { handshake } }) => handshake,
  start: ({ target }, { crowd }) => ({
    // A record of 512 bytes is announced (RFC 8446, 5.1), and the first byte of its ClientHello is all that comes.
    attack: new Crowd(target, crowd, { opening: () => '\x16\x03\x01\x02\x00\x01', plain: true }),
  }),
  faults: (played, _scene, pace) => [
    ...slower(played, pace, 'during'),
    ...slower(played, pace, 'after'),
    ...(played.notWaited ? [] : unended(played.attackers, 'closed', 'reset')),
  ],
};
