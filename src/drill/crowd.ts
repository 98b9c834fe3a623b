// Many connections that all misbehave in the same way: what they send first, what they drip, whether they read. Each comes
// once; its end is an answer, a close or a reset by the server, or that it was still there when the crowd was sent home.

import type { Socket } from 'node:net';
import { monotonicMs } from '../clock.ts';
import { AnswerReader } from './answer-reader.ts';
import { type Attack, Counts, type Tally } from './attack.ts';
import { connect, connectPlain, readyEvent, type Target } from './target.ts';
import { within } from './within.ts';

export interface Manners {
  /** What each sends as soon as it may; empty for nothing. */
  opening(index: number): string;
  /** What each sends every second after that; without it nothing. */
  drip?(index: number): string;
  /** Reads nothing until it is sent home. */
  readonly deaf?: boolean;
  /** Stays after an answer: its end is how the connection ends. */
  readonly staysAfterAnswer?: boolean;
  /** Opens a bare connection even where the target speaks TLS. */
  readonly plain?: boolean;
}

const DRIP_MS = 1_000;
/** So many connect at once: a backlog takes that many, and nobody is refused for our haste. */
const BATCH = 50;
/** Who could not connect by then waits in the kernel's queue; the row begins without waiting for it. */
const BEGIN_MS = 3_000;
/** What the kernels still hold for a deaf client has been read, or its reset seen, by then. */
const LAST_LOOK_MS = 1_500;
const RETRY_MS = 20;

export class Crowd implements Attack {
  readonly begun: Promise<void>;
  readonly over: Promise<void>;
  /** When the first of them ended, however it did, on the clock of monotonicMs; null when all are there. */
  firstEndMs: number | null = null;
  readonly #target: Target;
  readonly #manners: Manners;
  readonly #counts = new Counts();
  /** Those whose end is not known. */
  readonly #members = new Set<Member>();
  readonly #size: number;
  #dripping: NodeJS.Timeout | null = null;
  #ended = 0;
  #stopped = false;
  #sayOver: () => void = () => {};

  constructor(target: Target, size: number, manners: Manners) {
    this.#target = target;
    this.#size = size;
    this.#manners = manners;
    this.over = new Promise((resolve) => {
      this.#sayOver = resolve;
    });
    this.begun = this.#gather();
    this.begun.catch(() => {});
  }

  async stop(): Promise<Tally> {
    if (this.#stopped) return this.#counts.tally;
    if (this.#dripping !== null) clearInterval(this.#dripping);
    if (this.#manners.deaf === true) {
      for (const member of this.#members) member.hear();
      await within(this.over, LAST_LOOK_MS);
    }
    this.#stopped = true;
    for (const member of [...this.#members]) member.leave();
    return this.#counts.tally;
  }

  async #gather(): Promise<void> {
    for (let index = 0; index < this.#size && !this.#stopped; index += BATCH) {
      const batch = Array.from({ length: Math.min(BATCH, this.#size - index) }, (_, at) =>
        this.#comeIn(index + at),
      );
      await within(Promise.all(batch), BEGIN_MS);
    }
    const { drip } = this.#manners;
    if (drip === undefined || this.#stopped) return;
    this.#dripping = setInterval(() => {
      for (const member of this.#members) member.send(drip(member.index));
    }, DRIP_MS);
  }

  /** Resolves when it is connected, or could not be. */
  #comeIn(index: number): Promise<void> {
    return new Promise((resolve) => {
      const member = new Member(this.#target, this.#manners, index, {
        inPlace: resolve,
        ended: (how) => {
          resolve();
          this.#members.delete(member);
          this.#ended += 1;
          this.firstEndMs ??= monotonicMs();
          this.#counts.add(how);
          if (this.#ended === this.#size) this.#over();
        },
      });
      this.#members.add(member);
    });
  }

  #over(): void {
    if (this.#dripping !== null) clearInterval(this.#dripping);
    this.#sayOver();
  }
}

interface Owner {
  inPlace(): void;
  /** Called once. */
  ended(how: string): void;
}

class Member {
  readonly index: number;
  readonly #target: Target;
  readonly #manners: Manners;
  readonly #owner: Owner;
  #socket: Socket;
  #ready = false;
  #ended = false;
  #retry: NodeJS.Timeout | null = null;

  constructor(target: Target, manners: Manners, index: number, owner: Owner) {
    this.index = index;
    this.#target = target;
    this.#manners = manners;
    this.#owner = owner;
    this.#socket = this.#connect();
  }

  send(text: string): void {
    if (this.#ready && !this.#ended) this.#socket.write(text, 'latin1');
  }

  /** Reads from now on. */
  hear(): void {
    this.#socket.resume();
  }

  /** Goes home, whatever it waits for. */
  leave(): void {
    this.#end('still there');
  }

  #connect(): Socket {
    const { plain = false, deaf = false } = this.#manners;
    const socket = plain ? connectPlain(this.#target) : connect(this.#target);
    const reader = new AnswerReader(({ status }) => {
      if (this.#manners.staysAfterAnswer === true) return;
      this.#end(deaf ? 'served whole' : String(status));
    });
    let failure: string | null = null;
    socket.on(plain ? 'connect' : readyEvent(this.#target), () => {
      this.#ready = true;
      const opening = this.#manners.opening(this.index);
      if (opening !== '') socket.write(opening, 'latin1');
      this.#owner.inPlace();
    });
    socket.on('data', (bytes: Buffer) => reader.push(bytes));
    if (deaf) socket.pause();
    socket.on('end', () => reader.ended());
    socket.on('error', (error: NodeJS.ErrnoException) => {
      failure = error.code ?? error.message;
    });
    socket.on('close', () => this.#closed(failure, reader.midAnswer));
    return socket;
  }

  #closed(failure: string | null, midAnswer: boolean): void {
    if (this.#ended) return;
    // The backlog of a unix socket is full: its clients hear so at once, where those of TCP wait.
    if (failure === 'EAGAIN' && !this.#ready) {
      this.#retry = setTimeout(() => {
        this.#socket = this.#connect();
      }, RETRY_MS);
    } else if (failure === 'ECONNREFUSED' || failure === 'ENOENT') this.#end('refused');
    else if (midAnswer) this.#end('cut off');
    else this.#end(failure === null ? 'closed' : 'reset');
  }

  #end(how: string): void {
    if (this.#ended) return;
    this.#ended = true;
    if (this.#retry !== null) clearTimeout(this.#retry);
    this.#socket.destroy();
    this.#owner.ended(how);
  }
}
