// The acceptor against listening handles of our own: never above the limit, and accepting resumes with the spare at
// once when a connection closes.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { AcceptedHandle } from '../../../src/connection/edge/socket.ts';
import { Acceptor, type ListeningHandle } from '../../../src/worker/accepting/acceptor.ts';

/** A listening socket of the kernel with its queue, and the duplicates that the acceptor was given of it. */
class Kernel {
  readonly handles: FakeListener[] = [];
  waiting = 0;

  duplicate(): FakeListener {
    const handle = new FakeListener();
    this.handles.push(handle);
    return handle;
  }

  get listening(): FakeListener[] {
    return this.handles.filter((handle) => handle.state === 'listening');
  }

  /** Hands waiting connections over, one for each wake-up, as libuv does. */
  deliver(): void {
    for (;;) {
      const listener = this.listening[0];
      if (listener === undefined || this.waiting === 0) return;
      this.waiting -= 1;
      listener.onconnection?.(0, { close: () => {} });
    }
  }
}

class FakeListener implements ListeningHandle {
  state: 'bound' | 'listening' | 'closed' = 'bound';
  onconnection: ((status: number, handle: AcceptedHandle | undefined) => void) | null = null;

  listen(): number {
    this.state = 'listening';
    return 0;
  }

  close(): void {
    assert.notEqual(this.state, 'closed', 'closed once');
    this.state = 'closed';
  }
}

function start(
  limit: number,
  room: (open: number) => boolean = () => true,
): {
  acceptor: Acceptor;
  kernel: Kernel;
  wanted: () => number;
  answer: () => void;
} {
  const kernel = new Kernel();
  let wanted = 0;
  const acceptor = new Acceptor({
    backlog: 10,
    limit,
    room,
    want: () => {
      wanted += 1;
    },
    accepted: () => {},
    acceptFailed: () => {},
    listenFailed: () => assert.fail('listening works here'),
  });
  acceptor.start(1);
  return {
    acceptor,
    kernel,
    wanted: () => wanted,
    answer: () => {
      while (wanted > 0) {
        wanted -= 1;
        acceptor.provide(0, kernel.duplicate());
      }
    },
  };
}

test('open connections never exceed the limit, whatever the order of events', () => {
  const event = fc.constantFrom('connect', 'connect', 'close', 'answer', 'deliver', 'deliver');
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 5 }),
      fc.array(event, { maxLength: 80, size: 'max' }),
      (limit, events) => {
        const { acceptor, kernel, answer } = start(limit);
        for (const what of events) {
          if (what === 'connect') kernel.waiting += 1;
          else if (what === 'close' && acceptor.open > 0) acceptor.closed();
          else if (what === 'answer') answer();
          else if (what === 'deliver') kernel.deliver();
          assert.ok(acceptor.open <= limit);
          assert.ok(kernel.listening.length <= 1, 'one duplicate listens at most');
          assert.ok(
            acceptor.open < limit || kernel.listening.length === 0,
            'at the limit none listens',
          );
        }
        // With all answers given and room for it, whoever waits gets in.
        answer();
        kernel.deliver();
        assert.ok(kernel.waiting === 0 || acceptor.open === limit);
      },
    ),
    { numRuns: 500 },
  );
});

test('accepting resumes with the spare inside the very call that counts a connection out', () => {
  const { acceptor, kernel, answer } = start(1);
  answer();
  kernel.waiting = 2;
  kernel.deliver();
  answer();
  assert.equal(acceptor.open, 1);
  assert.equal(kernel.listening.length, 0);
  acceptor.closed();
  assert.equal(kernel.listening.length, 1);
});

test('the most that were open is told once, and what is still open counts on', () => {
  const { acceptor, kernel, answer } = start(3);
  answer();
  kernel.waiting = 2;
  kernel.deliver();
  acceptor.closed();
  assert.equal(acceptor.takeMost(), 2);
  assert.equal(acceptor.takeMost(), 1);
});

test('after stop every duplicate is closed, also one that comes late', () => {
  const { acceptor, kernel, answer } = start(3);
  answer();
  acceptor.stop();
  answer();
  acceptor.provide(0, kernel.duplicate());
  assert.deepEqual(
    kernel.handles.filter((handle) => handle.state !== 'closed'),
    [],
  );
});

test('a failing accept rests until it is tried again', () => {
  const kernel = new Kernel();
  let failures = 0;
  const acceptor = new Acceptor({
    backlog: 10,
    limit: 5,
    room: () => true,
    want: () => {},
    accepted: () => {},
    acceptFailed: () => {
      failures += 1;
    },
    listenFailed: () => assert.fail('listening works here'),
  });
  acceptor.start(1);
  acceptor.provide(0, kernel.duplicate());
  kernel.listening[0]?.onconnection?.(-24, undefined);
  assert.equal(failures, 1);
  assert.equal(kernel.listening.length, 0);
  acceptor.provide(0, kernel.duplicate());
  assert.equal(kernel.listening.length, 0, 'it rests');
  acceptor.retry();
  assert.equal(kernel.listening.length, 1);
  assert.throws(() => acceptor.closed(), /counted out twice/);
});

test('a duplicate that never comes is asked for again, and one that comes after all is given back', () => {
  const { acceptor, kernel, wanted, answer } = start(2);
  answer();
  assert.equal(wanted(), 0, 'one that listens and a spare');
  kernel.waiting = 2;
  kernel.deliver();
  acceptor.closed();
  assert.equal(wanted(), 1, 'the spare listens, the next one is asked for');
  for (let tick = 0; tick < 39; tick++) acceptor.tick();
  assert.equal(wanted(), 1);
  acceptor.tick();
  assert.equal(wanted(), 2);
  answer();
  const states = kernel.handles.map(({ state }) => state);
  assert.deepEqual(states, ['closed', 'listening', 'bound', 'closed']);
});

test('without descriptors nobody is accepted, and those who wait are as soon as there are some', () => {
  let left = 2;
  const { acceptor, kernel, answer } = start(10, () => left > 0);
  answer();
  kernel.waiting = 3;
  left = 0;
  acceptor.tick();
  kernel.deliver();
  assert.deepEqual([acceptor.open, kernel.waiting], [0, 3], 'it has stopped listening');
  answer();
  acceptor.tick();
  assert.equal(kernel.listening.length, 0);
  left = 1;
  acceptor.tick();
  kernel.deliver();
  assert.equal(acceptor.open, 3);
  left = 0;
  kernel.waiting = 1;
  kernel.deliver();
  assert.deepEqual([acceptor.open, kernel.waiting], [4, 0], 'the last one before a look closes');
  assert.equal(kernel.listening.length, 0);
});
