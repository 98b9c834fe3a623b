// What an application of the model does with connections that it takes over: says frames, ends its half, hangs up, reads what its
// client sends. As HostExchange tells it, a thread is done with one when both halves are over.

import assert from 'node:assert/strict';
import type { Job } from '../../src/threads/app-thread.ts';
import { frameHeader } from '../support/websocket-frames.ts';
import type { SimThread } from './thread.ts';
import type { World } from './world.ts';

export type UpgradeStep = {
  do: 'upgrade' | 'say' | 'half' | 'hang up' | 'take';
  who: number;
  size: number;
};

/** What says that a drain has told the client to go; no payload of the model has it. */
export const GOING_AWAY = '\x88\x02\x03\xe9';

const SWITCH = Buffer.from('HTTP/1.1 101 Switching Protocols\r\n\r\n');
const begun = new WeakSet<Job>();
const ended = new WeakSet<Job>();

export function upgradeStep(world: World, next: UpgradeStep): void {
  if (next.do === 'upgrade') {
    upgrade(world, next.who);
    return;
  }
  const all = world.threads.flatMap((thread) =>
    [...thread.upgraded.keys()].map((job) => ({ thread, job })),
  );
  const one = all[next.who % Math.max(1, all.length)];
  if (one === undefined) return;
  const { thread, job } = one;
  if (next.do === 'take') take(thread, job, next.size);
  else if (!thread.waiting.has(job)) speak(thread, job, next);
}

/** What is told to both sides of a connection that was taken over. */
export function checkUpgraded(world: World): void {
  const kept = new Set<unknown>();
  for (const thread of world.threads) {
    for (const job of thread.upgraded.keys()) {
      kept.add(job);
      const isForgotten = world.done.has(job) && !ended.has(job);
      assert.ok(!isForgotten, 'a thread hears when the client of an upgraded connection has gone');
    }
  }
  for (const [{ state, exchange }, client] of world.open) {
    if (state.owing !== 'upgraded' && state.owing !== 'half closed') continue;
    // Advice (103) that went before may still be on its way.
    const waits = client.waitingBytes > 0 || client.wantsTurn;
    assert.ok(
      kept.has(exchange) || waits,
      'an upgraded connection that its thread is done with is closed',
    );
    const isHalf = state.owing === 'half closed';
    assert.equal(client.finished, isHalf, "the application's end is the client's as well");
    const hears = client.ended ? 'complete' : 'upgraded';
    assert.equal(state.reading, hears, "and the client's end the application's");
  }
}

/** Those that wait, as soon as they have begun; a thread never says it of a request that it was told to forget. */
function upgrade(world: World, who: number): void {
  const all = world.threads.flatMap((thread) =>
    thread.jobs
      .filter(({ head }) => head.upgrade !== null)
      .filter((job) => !thread.told.has(job) && !thread.answering.has(job))
      .map((job) => ({ thread, job })),
  );
  const one = all[who % Math.max(1, all.length)];
  if (one === undefined) return;
  const { thread, job } = one;
  thread.claim(job);
  const source = job.upgraded();
  if (source !== null) thread.upgrade(job, source);
  else assert.ok(world.done.has(job), 'who has asked for it and still waits can be upgraded');
}

function speak(thread: SimThread, job: Job, next: UpgradeStep): void {
  if (next.do === 'say' && !ended.has(job)) {
    const bytes = begun.has(job) ? frame(next.size) : SWITCH;
    begun.add(job);
    if (!job.piece(bytes)) thread.waiting.add(job);
  } else if (next.do === 'half' && !ended.has(job)) end(thread, job);
  else if (next.do === 'hang up') {
    if (!ended.has(job)) end(thread, job);
    over(thread, job);
  }
}

function end(thread: SimThread, job: Job): void {
  ended.add(job);
  job.end('');
  if (thread.upgraded.get(job)?.ended) over(thread, job);
}

function take(thread: SimThread, job: Job, size: number): void {
  const source = thread.upgraded.get(job);
  source?.take(Math.max(1, size));
  if (ended.has(job) && (source?.ended || source?.failed)) over(thread, job);
}

function over(thread: SimThread, job: Job): void {
  if (thread.upgraded.delete(job)) job.jobOver();
}

function frame(size: number): Buffer {
  return Buffer.concat([frameHeader(2, size, false), Buffer.alloc(size, 'p')]);
}
