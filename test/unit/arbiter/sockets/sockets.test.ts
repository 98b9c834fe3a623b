// Sockets whose address the application names when it is loaded: they are made once, whoever asks and however many, stay over a
// reload, and are not left behind by a stop. Tried on purpose, and seen to fail: each worker that asks binds anew.

import assert from 'node:assert/strict';
import test from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import type { Listener } from '../../../../src/arbiter/sockets/listeners.ts';
import { Sockets } from '../../../../src/arbiter/sockets/sockets.ts';
import { type BindAddress, formatBind } from '../../../../src/settings/bind.ts';

class FakeListener implements Listener {
  readonly bind: string;
  readonly address: Listener['address'];
  readonly handle = null;
  readonly fd = -1;
  readonly isReachable = true;
  closed = false;

  constructor(address: BindAddress) {
    this.bind = formatBind(address);
    this.address = { index: 0, label: `http://${this.bind}`, host: 'here', port: 1 };
  }

  close(): void {
    this.closed = true;
  }

  leave(): void {}
}

/** Sockets that bind when they are told to go on. */
function make(before: Sockets | null = null): {
  sockets: Sockets;
  made: FakeListener[];
  goOn: (failure?: Error) => Promise<void>;
} {
  const made: FakeListener[] = [];
  const waiting: ((failure?: Error) => void)[] = [];
  const sockets = new Sockets(null, 'https', unnamed, before, (address) => {
    return new Promise((resolve, reject) => {
      waiting.push((failure) => {
        if (failure !== undefined) {
          reject(failure);
          return;
        }
        const listener = new FakeListener(address);
        made.push(listener);
        resolve([listener]);
      });
    });
  });
  const goOn = async (failure?: Error): Promise<void> => {
    while (waiting.length === 0) await turn();
    for (const each of waiting.splice(0)) each(failure);
  };
  return { sockets, made, goOn };
}

const unnamed = { kind: 'tcp', host: '0.0.0.0', port: 8080 } as const;
const asked = { kind: 'port', host: null, port: 3000 } as const;

test('several workers ask at once, and one set of sockets is made', async () => {
  const { sockets, made, goOn } = make();
  assert.equal(sockets.addresses, null);
  const answers = [sockets.listen(asked), sockets.listen({ kind: 'path', path: '/run/other' })];
  await goOn();
  const [first, second] = await Promise.all(answers);
  assert.equal(first, second);
  assert.deepEqual(
    made.map(({ bind }) => bind),
    ['[::]:3000'],
  );
  assert.deepEqual(sockets.labels, ['https://[::]:3000'], 'the scheme is that of this stage');
  await sockets.listen(asked);
  assert.equal(made.length, 1);
});

for (const [what, given, bind] of [
  ['nothing', null, '0.0.0.0:8080'],
  ['a path', { kind: 'path', path: '/run/app.sock' }, 'unix:/run/app.sock'],
  ['a host and a port', { kind: 'port', host: 'localhost', port: 0 }, 'localhost:0'],
] as const) {
  test(`who asks for ${what} is given ${bind}`, async () => {
    const { sockets, made, goOn } = make();
    const answer = sockets.listen(given);
    await goOn();
    await answer;
    assert.equal(made[0]?.bind, bind);
  });
}

test('what could not be made is tried again for who asks then', async () => {
  const { sockets, made, goOn } = make();
  const refused = assert.rejects(sockets.listen(asked), /taken/);
  await goOn(new Error('taken'));
  await refused;
  const again = sockets.listen(asked);
  await goOn();
  await again;
  assert.equal(made.length, 1);
});

test('a reload that comes before the first sockets are made shares them', async () => {
  const before = make();
  const after = make(before.sockets);
  const answers = [after.sockets.listen(asked), before.sockets.listen(asked)];
  await before.goOn();
  await Promise.all(answers);
  assert.equal(after.sockets.all, before.sockets.all);
  assert.equal(after.made.length, 0);
});

test('sockets that are made as the server stops are closed', async () => {
  const { sockets, made, goOn } = make();
  const refused = assert.rejects(sockets.listen(asked), /stops/);
  sockets.close();
  await goOn();
  await refused;
  assert.deepEqual(sockets.all, []);
  assert.equal(made[0]?.closed, true);
});
