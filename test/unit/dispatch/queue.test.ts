// The order in which waiting requests are served, and the bounds on how many may wait, and for how long.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { JobQueue, type QueueTerms } from '../../../src/dispatch/queue.ts';
import type { Job } from '../../../src/threads/app-thread.ts';

interface Named {
  readonly name: string;
  readonly client: string;
  readonly precedence: number;
}

/** The queue looks at no member of a job. "a1" is a job of client a. */
const job = (name: string, precedence = 0): Job =>
  ({ name, client: name.slice(0, 1), precedence }) as unknown as Job;
const jobs = (names: string): Job[] => names.split(' ').map((name) => job(name));
const named = (one: Job): Named => one as unknown as Named;

class Scene {
  nowMs = 0;
  readonly queue: JobQueue;

  constructor(terms: Partial<QueueTerms> = {}) {
    this.queue = new JobQueue({
      limit: 1000,
      now: () => this.nowMs,
      clientOf: (one) => named(one).client,
      precedenceOf: (one) => named(one).precedence,
      ...terms,
    });
  }

  add(names: string): void {
    for (const one of jobs(names)) assert.equal(this.queue.add(one), null);
  }

  take(): string {
    const taken = this.queue.take();
    return taken === null ? '' : named(taken).name;
  }

  /** Takes so many, one each so many milliseconds. */
  takes(count: number, msEach = 0): string {
    const taken: string[] = [];
    for (let n = 0; n < count; n++) {
      taken.push(this.take());
      this.nowMs += msEach;
    }
    return taken.join(' ');
  }

  shed(): string {
    const shed: string[] = [];
    for (let one = this.queue.shed(); one !== null; one = this.queue.shed()) {
      shed.push(named(one).name);
    }
    return shed.join(' ');
  }
}

test('of one client first come, first served', () => {
  const scene = new Scene();
  scene.add('a1 a2 a3');
  assert.equal(scene.takes(4), 'a1 a2 a3 ');
});

test('clients are served in turn, each in its own order', () => {
  const scene = new Scene();
  scene.add('a1 a2 a3 a4 b1 b2 c1');
  assert.equal(scene.takes(3), 'a1 b1 c1');
  scene.add('c2 d1');
  assert.equal(scene.takes(6), 'd1 a2 b2 c2 a3 a4');
});

test('one that has just been served and comes again is not served before those that wait', () => {
  const scene = new Scene();
  scene.add('a1 b1 b2 c1');
  assert.equal(scene.take(), 'a1');
  scene.add('a2');
  assert.equal(scene.take(), 'b1');
  assert.equal(scene.take(), 'c1');
  scene.add('c2');
  assert.equal(scene.takes(3), 'a2 b2 c2');
});

test('a job that left from the middle is not served', () => {
  const scene = new Scene();
  const [a, b, c] = jobs('a1 a2 a3') as [Job, Job, Job];
  for (const one of [a, b, c]) scene.queue.add(one);
  assert.equal(scene.queue.remove(b), true);
  assert.equal(scene.queue.remove(b), false);
  assert.equal(scene.takes(3), 'a1 a3 ');
});

test('at its limit it takes a job, one above it does not', () => {
  const scene = new Scene({ limit: 2 });
  scene.add('a1 a2');
  const late = job('a3');
  assert.equal(scene.queue.add(late), late);
  assert.equal(scene.queue.length, 2);
});

test('at its limit a client with few gets the place of the last of the one with most', () => {
  const scene = new Scene({ limit: 4 });
  const last = job('a3');
  scene.add('b1 a1 a2');
  scene.queue.add(last);
  assert.equal(scene.queue.add(job('c1')), last);
  const late = job('c2');
  assert.equal(scene.queue.add(late), late, 'with one more that would be nothing but an exchange');
  assert.equal(scene.takes(5), 'b1 a1 c1 a2 ');
});

test('what a thread gave back goes first, even into a full queue', () => {
  const scene = new Scene({ limit: 1 });
  scene.add('a1');
  scene.queue.putBack(job('b1'));
  assert.equal(scene.queue.length, 2);
  assert.equal(scene.takes(2), 'b1 a1');
});

test('however many a thread gives back of one client, others do not wait for all of them', () => {
  const scene = new Scene();
  scene.add('b1 c1 a4 a5');
  for (const name of ['a3', 'a2', 'a1']) scene.queue.putBack(job(name));
  assert.equal(scene.takes(8), 'a1 b1 c1 a2 a3 a4 a5 ');
});

test('under overload what a thread gave back goes last, as the oldest', () => {
  const scene = new Scene();
  for (let n = 2; n <= 20; n++) scene.add(`a${n}`);
  scene.takes(9, 60);
  scene.queue.putBack(job('a1'));
  assert.equal(scene.takes(7, 60), 'a20 a19 a18 a17 a16 a15 a14');
});

test('a client that waits too long has its newest served first, until little is left to do', () => {
  const scene = new Scene();
  for (let n = 1; n <= 20; n++) scene.add(`a${n}`);
  const [some = assert.fail()] = jobs('a0');
  assert.equal(scene.takes(9, 60), 'a1 a2 a3 a4 a5 a6 a7 a8 a9');
  // After 540 ms, with 660 ms of work left.
  assert.equal(scene.takes(7, 60), 'a20 a19 a18 a17 a16 a15 a14');
  // With four left the rest is a matter of moments, and the oldest may still want it.
  assert.ok(!scene.queue.overloaded(some));
  assert.equal(scene.takes(4, 60), 'a10 a11 a12 a13');
});

test('when clients wait too long for their turn the newest client goes first, once', () => {
  const scene = new Scene();
  for (const client of 'abcdefghijklmnopqr') scene.add(`${client}1`);
  scene.add('q2 r2');
  assert.equal(scene.takes(9, 60), 'a1 b1 c1 d1 e1 f1 g1 h1 i1');
  scene.add('s1 s2 t1 t2');
  assert.ok(scene.queue.overloaded(job('z1')), 'after 540 ms, with as much to do');
  assert.equal(scene.takes(2, 60), 't1 s1');
  scene.add('u1');
  assert.equal(scene.takes(5, 60), 'u1 r2 q2 p1 o1');
  scene.nowMs += 5000;
  // All have had a turn, or have one before anybody has another.
  assert.match(scene.takes(9, 60), /^([jklmn]1 ){5}t2 s2 r1 q1$/);
});

test('a pause of all threads is no overload: what waited is served in the order in which it came', () => {
  const scene = new Scene();
  scene.add('a0');
  // In a closed loop: whoever is served comes again.
  for (let n = 1; n < 60; n++) scene.queue.add(job(`a${n}`));
  for (let n = 0; n < 600; n++) {
    scene.queue.add(job(scene.take()));
    scene.nowMs += 1;
  }
  scene.nowMs += 700;
  const served = new Set<string>();
  for (let n = 0; n < 1000; n++) {
    const name = scene.take();
    served.add(name);
    scene.queue.add(job(name));
    scene.nowMs += 1;
  }
  assert.equal(served.size, 60, 'nobody is left behind');
});

const CODEL = { targetMs: 5, intervalMs: 100 };

test('codel: a burst is worked off, and nobody is shed', () => {
  const scene = new Scene({ codel: CODEL });
  scene.add('a1 a2 a3 a4 a5 a6 a7 a8 a9');
  for (let n = 1; n <= 9; n++) {
    assert.equal(scene.shed(), '');
    assert.equal(scene.take(), `a${n}`);
    scene.nowMs += 11;
  }
});

test('codel: when all of an interval waited too long, what waited twice the target is shed and the newest is first', () => {
  const scene = new Scene({ codel: CODEL });
  scene.add('a0 b0');
  for (let n = 1; n <= 9; n++) {
    scene.nowMs += 11;
    scene.add(`${n}`);
    scene.take();
    assert.equal(scene.shed(), '');
  }
  scene.nowMs += 2;
  assert.equal(scene.queue.length, 2);
  scene.add('x1 y1');
  assert.match(scene.shed(), /^[b89]\d?( [b89]\d?)?$/);
  scene.nowMs += 3;
  scene.add('z1');
  assert.equal(scene.take(), 'z1', 'the newest first');
  scene.nowMs += 8;
  assert.equal(scene.shed(), '9 x1', 'but for the last one: threads would wait for work');
  assert.equal(scene.takes(2), 'y1 ');
  scene.add('a1 b1');
  scene.nowMs += 50;
  assert.equal(scene.shed(), '', 'drained: the next interval decides');
  assert.equal(scene.takes(2), 'a1 b1');
});

test('codel: where nobody is served for an interval, who waits is shed as well', () => {
  const scene = new Scene({ codel: CODEL });
  scene.add('a1 b1 c1');
  scene.nowMs = 99;
  assert.equal(scene.shed(), '');
  scene.nowMs = 100;
  assert.equal(scene.shed(), 'a1 b1');
});

test('precedence goes before turns, and who is passed over gets one of sixteen', () => {
  const scene = new Scene({ precedences: 3 });
  for (let n = 0; n < 40; n++) scene.queue.add(job(`b${n}`, 1));
  scene.queue.add(job('c', 2));
  scene.queue.add(job('a', 0));
  assert.equal(scene.take(), 'a');
  const order = scene.takes(31).split(' ');
  assert.equal(order.indexOf('c'), 14);
});

test('at the limit precedence gets the place of what has less', () => {
  const scene = new Scene({ precedences: 2, limit: 2 });
  const last = job('b2', 1);
  scene.queue.add(job('b1', 1));
  scene.queue.add(last);
  assert.equal(scene.queue.add(job('a1', 0)), last);
  assert.equal(scene.takes(3), 'a1 b1 ');
});

test('at the limit one client with precedence takes few places of many others, and always finds one', () => {
  const scene = new Scene({ precedences: 2, limit: 100 });
  for (let n = 0; n < 100; n++) {
    scene.queue.add({ ...job('', 1), client: `c${n}` } as unknown as Job);
  }
  const displaced = (client: string, times: number): number => {
    let count = 0;
    for (let n = 0; n < times; n++) {
      const one = { ...job('', 0), client } as unknown as Job;
      if (scene.queue.add(one) !== one) count += 1;
    }
    return count;
  };
  assert.equal(displaced('flood', 500), 6);
  assert.equal(displaced('health', 1), 1);
  assert.equal(scene.queue.length, 100);
});

test('at the limit a client with precedence takes more of itself, and of who has more than it', () => {
  const scene = new Scene({ precedences: 2, limit: 16 });
  for (let n = 1; n <= 3; n++) scene.queue.add(job(`a${n}`, 1));
  for (let n = 1; n <= 10; n++) scene.queue.add(job(`b${n}`, 1));
  for (const one of 'cde') scene.queue.add(job(`${one}1`, 1));
  const outcasts = Array.from({ length: 9 }, (_, n) => {
    const first = job(`a${10 + n}`, 0);
    const outcast = scene.queue.add(first);
    return outcast === first ? '-' : named(outcast ?? assert.fail()).name;
  });
  // Of b until it has one more than a; then of a itself; nothing of those with one.
  assert.equal(outcasts.join(' '), 'b10 b9 b8 b7 b6 a3 a2 a1 -');
});

test('how long it takes until the queue has drained follows from how fast it is served', () => {
  const scene = new Scene();
  assert.equal(scene.queue.drainMs, 0);
  for (let n = 0; n < 100; n++) scene.queue.add(job(`a${n}`));
  scene.takes(60, 20);
  const { drainMs } = scene.queue;
  assert.ok(drainMs >= 700 && drainMs <= 900, `${drainMs} of 800`);
});

/** Whom a client that was served waits for: all that waited then. */
class Fairness {
  readonly #owed = new Map<string, Set<string>>();
  took(client: string, waiting: Iterable<string>): void {
    assert.equal(this.#owed.get(client)?.size ?? 0, 0, 'served twice while others wait');
    for (const others of this.#owed.values()) others.delete(client);
    this.#owed.set(client, new Set([...waiting].filter((one) => one !== client)));
  }

  /** A thread has given back one of its requests. */
  isNext(client: string): void {
    this.#owed.delete(client);
  }

  left(client: string): void {
    for (const others of this.#owed.values()) others.delete(client);
  }
}

test('whatever comes, leaves and waits: nothing is lost, nothing comes twice, and between two turns of a client all others have one', () => {
  const event = fc.constantFrom('add', 'add', 'add', 'take', 'take', 'remove', 'wait', 'back');
  const events = fc.array(fc.tuple(event, fc.nat(20)), { size: 'max', maxLength: 200 });
  const codel = fc.option(fc.constant(CODEL));
  fc.assert(
    fc.property(events, codel, fc.boolean(), (steps, terms, isCalm) => {
      const scene = new Scene({ limit: 15, codel: terms });
      const { queue } = scene;
      // When the newest go first, whoever was last in a round may be the first of the next one (overload.test.ts).
      const fairness = isCalm ? new Fairness() : null;
      const waiting: Job[] = [];
      const clients = () => waiting.map((one) => named(one).client);
      const gone = (one: Job): void => {
        const at = waiting.indexOf(one);
        assert.ok(at >= 0, 'what leaves was there');
        waiting.splice(at, 1);
        if (!clients().includes(named(one).client)) fairness?.left(named(one).client);
      };
      for (const [number, [what, at]] of steps.entries()) {
        const one = job(`${'abcde'.charAt(at % 5)}${number}`);
        if (what === 'add') {
          const isFull = waiting.length >= 15;
          const outcast = queue.add(one);
          assert.ok(isFull || outcast === null);
          assert.ok(!isFull || outcast !== null);
          waiting.push(one);
          if (outcast !== null) gone(outcast);
        } else if (what === 'take') {
          const taken = queue.take();
          assert.equal(taken === null, waiting.length === 0);
          if (taken === null) continue;
          fairness?.took(named(taken).client, clients());
          gone(taken);
        } else if (what === 'remove') {
          const some = waiting[at];
          if (some === undefined) continue;
          assert.ok(queue.remove(some));
          gone(some);
        } else if (what === 'back' && waiting.length < 15) {
          queue.putBack(one);
          fairness?.isNext(named(one).client);
          waiting.push(one);
        } else {
          scene.nowMs += isCalm ? 0 : at * 20;
          for (let shed = queue.shed(); shed !== null; shed = queue.shed()) gone(shed);
        }
        assert.equal(queue.length, waiting.length);
      }
    }),
    { numRuns: Number(process.env['TUNICORN_MODEL_RUNS'] ?? 300) },
  );
});
