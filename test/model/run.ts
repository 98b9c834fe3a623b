// One run of the model: a list of steps, each an event that a client, a thread or the clock can bring, applied to a
// world. After every step the invariants are checked, and at the end nothing may be left. Whoever makes the list (random
// properties, the fuzzer) gets the same checks.

import assert from 'node:assert/strict';
import type { Connection } from '../../src/connection/machine.ts';
import { READING } from '../../src/connection/states/states.ts';
import type { Job, RequestBody } from '../../src/threads/app-thread.ts';
import { ADDRESSES, version2 } from '../support/proxy-header.ts';
import { checkWorld } from './invariants.ts';
import { type UpgradeStep, upgradeStep } from './upgrades.ts';
import { type SimClient, type SimThread, World } from './world.ts';

export type Step =
  | { do: 'connect' }
  | { do: 'bytes'; who: number; what: string; cut: number }
  | { do: 'rest'; who: number }
  | { do: 'end' | 'vanish' | 'stall' | 'read' | 'shake' | 'misspeak'; who: number }
  | {
      do: 'claim' | 'begin' | 'interim' | 'whole' | 'head' | 'piece' | 'extend' | 'finish' | 'fail';
      who: number;
      size: number;
    }
  | UpgradeStep
  | { do: 'die' | 'lose' | 'block' | 'turn'; thread: number }
  | { do: 'gain' }
  | { do: 'replace' }
  | { do: 'pause'; ms: number }
  | { do: 'late'; who: number; what: string; ms: number }
  | { do: 'wait'; ms: number }
  | { do: 'word'; who: number; granted: boolean }
  | { do: 'drain' };

export class Run {
  readonly world: World;
  readonly #unsent = new Map<SimClient, string>();

  constructor(options: ConstructorParameters<typeof World>[0]) {
    this.world = new World(options);
  }

  apply(next: Step): void {
    const { world } = this;
    if (next.do === 'connect') world.connect();
    else if (next.do === 'wait') this.#wait(next.ms);
    else if (next.do === 'drain') world.drain();
    else if (next.do === 'pause') world.pause(next.ms);
    else if (next.do === 'late') this.#late(next.who, next.what, next.ms);
    else if (next.do === 'word') this.#word(next.who, next.granted);
    else if (next.do === 'gain') this.#gain();
    else if (next.do === 'replace') this.#replace();
    else if ('thread' in next) this.#thread(next.do, next.thread);
    else if (isUpgradeStep(next)) upgradeStep(world, next);
    else if ('size' in next) this.#answer(next.do, next.who, next.size);
    else this.#client(next);
    world.settleSockets();
    checkWorld(world);
    for (const [{ state }, client] of world.open) {
      const isPart = state.reading === 'head' || state.reading === 'body';
      assert.ok(!isPart || this.#unsent.has(client), 'what came whole is read whole');
    }
  }

  #wait(ms: number): void {
    const { world } = this;
    // Whoever has said hello is let be for a second.
    const anyIdle = hasIdle(world, ms > 1300);
    const wasFull = world.open.size === world.options.limit && anyIdle;
    world.advance(ms);
    if (world.draining && ms >= 1000) {
      // Whoever lingers may have begun just now.
      const lingers = ({ state }: Connection): boolean => state.reading === 'lingering';
      const idle = [...world.waitsIdle].filter((connection) => !lingers(connection));
      assert.deepEqual(idle, [], 'a drain ends what is idle');
      const inHead = [...world.open.keys()].some(({ state }) => state.reading === 'head');
      assert.ok(!inHead, 'and waits for no head');
    }
    if (!wasFull || world.draining || ms < 300) return;
    assert.ok(world.open.size < world.options.limit, 'an idle connection gives way at the limit');
  }

  /** Nobody does anything any more, every deadline passes: nothing may be left. A request sent ahead has its time, too. */
  end(withinMs = 20_000): void {
    const { world } = this;
    for (let ms = 0; ms < withinMs && (ms === 0 || world.open.size > 0); ms += 5000) {
      world.advance(5000);
    }
    assert.equal(world.open.size, 0, 'every connection has ended by its deadlines alone');
    assert.equal(world.dispatcher.queued, 0, 'the queue is empty');
    this.#endLimits();
    assert.equal(world.context.responseBudget.used, 0);
    for (const job of world.submitted) assert.ok(world.done.has(job), 'every request was finished');
    for (const thread of world.threads) {
      for (const job of [...thread.jobs]) {
        assertBodyOver(job.body);
        job.jobOver();
        thread.leave(job);
      }
      for (const source of thread.upgraded.values()) {
        assertBodyOver({ kind: 'stream', source });
      }
    }
    for (const { body } of world.submitted) {
      if (body.kind === 'stream') assert.equal(body.source.take(1), null, 'no body is kept');
    }
  }

  /** The request of somebody who is idle comes while our loop stands still. */
  #late(who: number, what: string, ms: number): void {
    const { world } = this;
    const [connection, client] = nth([...world.open], who) ?? [];
    const isIdle = connection?.state.name === 'keep-alive' && client?.closing === 'no';
    if (client !== undefined && isIdle && !client.ended) {
      client.sends(what);
      client.unread = what;
    }
    world.pause(ms);
  }

  #word(who: number, granted: boolean): void {
    const { admission, open } = this.world;
    admission?.answerEntering(who, granted);
    const asking = [...open.keys()].filter(({ state }) => state.reading === 'asking');
    admission?.answer(who, granted, new Set(asking.map(({ peer }) => peer)));
  }

  /** Words that come when nobody waits for them any more leave nothing behind either. */
  #endLimits(): void {
    const { admission } = this.world;
    if (admission === null) return;
    while (admission.entering.length > 0) admission.answerEntering(0, true);
    while (admission.pending.length > 0) admission.answer(0, true, new Set());
    assert.equal(admission.held.size, 0, 'every place of a request came back');
    assert.equal(admission.places, 0, 'every place of a connection came back');
  }

  #client(
    next: Extract<
      Step,
      { do: 'bytes' | 'rest' | 'end' | 'vanish' | 'stall' | 'read' | 'shake' | 'misspeak' }
    >,
  ): void {
    const entry = nth([...this.world.open], next.who);
    if (entry === undefined) return;
    const [connection, client] = entry;
    if (client.closing !== 'no') return;
    if (next.do === 'bytes' && !this.#unsent.has(client))
      this.#send(connection, client, next.what, next.cut);
    else if (next.do === 'rest') {
      const rest = this.#unsent.get(client);
      if (rest !== undefined) this.#send(connection, client, rest, rest.length);
    } else if (next.do === 'end') {
      if (client.ended || client.paused) return;
      if (client.isLate) this.world.clientGone(connection);
      client.ended = true;
      connection.ended();
    } else if (next.do === 'vanish') {
      this.world.clientGone(connection);
      client.gone = true;
    } else if (next.do === 'shake' && connection.state.reading === 'proxy') {
      introduce(this.world, connection, client, HEADER.subarray(0, HEADER_HALF));
    } else if (next.do === 'shake') shake(connection, client);
    else if (next.do === 'misspeak' && connection.state.reading === 'proxy') {
      introduce(this.world, connection, client, BAD_HEADER);
    } else if (next.do === 'misspeak' && connection.state.reading === 'handshake') {
      connection.beginning.handshakeFailed('model');
      client.gone = true;
    } else if (next.do === 'stall') client.kernelRoom = 0;
    else if (next.do === 'read') {
      client.kernelRoom = 10_000;
      const waited = client.waitingBytes > 0;
      client.waitingBytes = 0;
      if (waited) connection.drained();
    }
  }

  #send(connection: Connection, client: SimClient, text: string, cut: number): void {
    if (client.paused || client.ended) return;
    const now = text.slice(0, cut);
    const rest = text.slice(cut);
    if (rest === '') this.#unsent.delete(client);
    else this.#unsent.set(client, rest);
    client.sends(now);
    // A header that has begun is completed; of the others every second text comes without one.
    const { options } = this.world;
    const brings = client.introducedBytes > 0 || options.tls || now.length % 2 === 0;
    if (connection.state.reading === 'proxy' && brings) {
      introduce(this.world, connection, client, HEADER);
    }
    // The last message of a handshake and the first bytes of a request may come together.
    while (connection.state.reading === 'handshake') shake(connection, client);
    if (now !== '') connection.bytes(Buffer.from(now, 'latin1'));
  }

  #answer(what: string, who: number, size: number): void {
    const { world } = this;
    const thread = nth(
      world.threads.filter((one) => one.jobs.length > 0),
      who,
    );
    const job = thread?.jobs[0];
    if (thread === undefined || job === undefined) return;
    if (what === 'begin') {
      thread.claimSilently(job);
      return;
    }
    thread.claim(job);
    const head = { status: '200 OK', fields: 'Content-Type: text/plain\r\n', sendDate: true };
    const began = begunHeads.has(job);
    if (what === 'claim') return;
    if (what === 'extend') {
      world.extend(job, size);
      return;
    }
    if (what === 'interim') {
      this.#interim(job, began);
      return;
    }
    if (what === 'whole' && !began) job.whole(head, Buffer.alloc(size, 'w'));
    else if (what === 'head' && !began) {
      begunHeads.add(job);
      thread.answering.add(job);
      job.replyHead(head);
      return;
    } else if (what === 'piece' && began) {
      if (!thread.waiting.has(job) && !job.piece(Buffer.alloc(size, 'p'))) thread.waiting.add(job);
      return;
    } else if (what === 'finish' && began) job.end('');
    else if (what === 'fail') job.failed({ status: 500, code: 'app-raised', detail: 'model' });
    else return;
    job.jobOver();
    thread.leave(job);
  }

  #thread(what: 'die' | 'lose' | 'block' | 'turn', which: number): void {
    const thread: SimThread | undefined = nth(this.world.living, which);
    if (thread === undefined) return;
    if (what === 'turn') thread.turns();
    else if (what === 'block') this.#block(thread);
    else thread.die({ status: 502, code: 'thread-died', detail: 'model' });
    // Another is there at once, or later.
    if (what === 'die') this.#gain();
  }

  /** Early hints: before the head, or never. */
  #interim(job: Job, began: boolean): void {
    const client = [...this.world.open].find(([{ exchange }]) => exchange === job)?.[1];
    const before = client?.received.length;
    job.interim('103 Early Hints', 'Link: </a>\r\n');
    if (began) assert.equal(client?.received.length, before, 'nothing comes into a response');
  }

  /** A thread has loaded the application, if one is missing. */
  #gain(): void {
    const { world } = this;
    if (world.dispatcher.threads.length < world.options.threads) world.addThread();
  }

  /** As a Python process: its threads are given nothing from now on, and finish what they run; new ones are there. */
  #replace(): void {
    const { world } = this;
    if (world.options.capacity > 1) return;
    for (const thread of world.living) {
      world.dispatcher.removeThread(thread);
      world.retired.add(thread);
    }
    for (let i = 0; i < world.options.threads; i++) this.#gain();
  }

  /** Its loop stands still. What it has not begun others may, if they have room, as worker/application/node-application.ts does. */
  #block(thread: SimThread): void {
    const { world } = this;
    thread.blocked = true;
    for (const job of thread.jobs.filter((one) => !thread.claimed.has(one))) {
      if (world.living.some((other) => other.room > 0)) world.dispatcher.giveBack(job);
    }
  }
}

const HEADER = version2(ADDRESSES, { rest: Buffer.alloc(5) });
const HEADER_HALF = 20;
/** As long as half of a good one, so that it can follow nothing of it that is good. */
const BAD_HEADER = Buffer.concat([HEADER.subarray(0, 12), Buffer.alloc(40, 0xff)]);

/** The client's PROXY header, as far as `header` goes and what of it was not sent before. */
function introduce(
  { options }: World,
  connection: Connection,
  client: SimClient,
  header: Buffer,
): void {
  const bytes = header.subarray(client.introducedBytes);
  client.introducedBytes = Math.max(client.introducedBytes, header.length);
  if (bytes.length === 0) return;
  // It may be answered, as a request that begins like this is.
  if (header === BAD_HEADER) client.sends('PO');
  if (options.tls) connection.beginning.proxyBytes(bytes, 0);
  else connection.bytes(bytes);
}

function isUpgradeStep(step: Step): step is UpgradeStep {
  return ['upgrade', 'say', 'half', 'hang up', 'take'].includes(step.do);
}

/** One message of the client's TLS handshake: its hello, then what completes it. */
function shake(connection: Connection, client: SimClient): void {
  if (client.greeted || connection.state.reading !== 'handshake') connection.beginning.secured();
  else client.greeted = true;
}

function hasIdle({ open }: World, evenGreeted: boolean): boolean {
  return [...open.keys()].some(({ state: { reading, owing }, greeted }) => {
    const givesWay = reading !== 'closed' && READING[reading].givesWay && owing === 'nothing';
    return givesWay && (evenGreeted || !greeted);
  });
}

/** A thread that still reads this body has heard how it ended. */
function assertBodyOver(body: RequestBody): void {
  if (body.kind !== 'stream') return;
  while (body.source.take(1000) !== null);
  assert.ok(body.source.ended || body.source.failed, 'a body ends one way or the other');
}

const begunHeads = new WeakSet<object>();

function nth<T>(list: readonly T[], at: number): T | undefined {
  return list.length === 0 ? undefined : list[at % list.length];
}
