// The arbiter's hooks with a simulated host: order, deadlines, a host that dies, the last calls, and the bound on how many
// wait. What real hosts do is tested end to end.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { HookEars } from '../../../../src/arbiter/hooks/hook-host.ts';
import { Hooks } from '../../../../src/arbiter/hooks/hooks.ts';
import type { Log } from '../../../../src/observe/log.ts';
import type { HookCall, ToHooks } from '../../../../src/wire/hooks.ts';

const NAMES = ['on_starting', 'pre_fork', 'when_ready', 'child_exit', 'on_exit'];

class Host {
  readonly calls: HookCall[] = [];
  end: 'none' | 'closed' | 'killed' = 'none';
  readonly ears: HookEars;

  constructor(ears: HookEars) {
    this.ears = ears;
  }

  say(message: ToHooks): void {
    if ('hook' in message) this.calls.push(message);
  }

  close(): void {
    this.end = 'closed';
  }

  kill(): void {
    this.end = 'killed';
  }

  ready(): void {
    this.ears.said({ ready: true });
  }

  /** The call under way returns. */
  returns(error: string | null = null): void {
    const id = this.calls.at(-1)?.id ?? 0;
    const failure = error === null ? null : { message: error, detail: 'where' };
    this.ears.said({ id, error: failure });
  }
}

interface Made {
  readonly hooks: Hooks;
  readonly hosts: Host[];
  readonly lines: string[];
}

function made(timeoutMs = 60_000): Made {
  const hosts: Host[] = [];
  const lines: string[] = [];
  const line =
    (level: string) =>
    (text: string): void =>
      void lines.push(`${level}: ${text}`);
  const hooks = new Hooks({
    file: 'gunicorn.conf.py',
    names: new Set(NAMES),
    timeoutMs,
    start: { kind: 'file', where: '/x', names: NAMES, pid: 1, chdir: '/', cfg: {} },
    startHost: (_start, ears) => {
      const host = new Host(ears);
      hosts.push(host);
      return host;
    },
    log: () =>
      Object.fromEntries(
        ['error', 'warning', 'info'].map((level) => [level, line(level)]),
      ) as unknown as Log,
    server: () => ({ num_workers: 1, worker_age: 0, listeners: [], workers: [] }),
  });
  return { hooks, hosts, lines };
}

/** With a host that is ready. */
async function begun(timeoutMs?: number): Promise<Made & { readonly host: Host }> {
  const all = made(timeoutMs);
  const beginning = all.hooks.begin();
  const host = all.hosts[0] as Host;
  host.ready();
  await beginning;
  return { ...all, host };
}

describe("the arbiter's hooks", () => {
  it('are called one after another, in the order in which they were asked for', async () => {
    const { hooks, host } = await begun();
    const first = hooks.call('on_starting', null);
    const second = hooks.call('when_ready', null);
    assert.deepEqual(
      host.calls.map(({ hook }) => hook),
      ['on_starting'],
    );
    host.returns();
    await first;
    assert.equal(host.calls.at(-1)?.hook, 'when_ready');
    host.returns();
    await second;
  });

  it('that the file does not define are not called', async () => {
    const { hooks, host } = await begun();
    await hooks.call('worker_exit' as 'pre_fork', null);
    assert.equal(host.calls.length, 0);
  });

  it('that raise are told to who asked, or to the log', async () => {
    const { hooks, host, lines } = await begun();
    const asked = hooks.call('on_starting', null);
    host.returns('ValueError: x');
    await assert.rejects(asked, {
      message: 'on_starting in gunicorn.conf.py failed: ValueError: x\nwhere',
    });
    const told = hooks.tell('when_ready', null);
    host.returns('ValueError: y');
    await told;
    assert.deepEqual(lines, ['error: when_ready in gunicorn.conf.py failed: ValueError: y\nwhere']);
  });

  it('that do not return are ended, and the next call evaluates the file anew', async () => {
    const { hooks, host, hosts } = await begun(20);
    const late = hooks.call('on_starting', null);
    const next = hooks.call('when_ready', null);
    await assert.rejects(
      late,
      /on_starting .* has not returned within 0\.02 s \(hook_timeout\)\.$/,
    );
    assert.equal(host.end, 'killed');
    // What the one that was given up says is about nothing any more.
    host.returns();
    host.ears.ended('ended with SIGKILL');
    const second = hosts[1] as Host;
    second.ready();
    assert.equal(second.calls[0]?.hook, 'when_ready');
    second.returns();
    await next;
    hooks.close();
  });

  it('whose host dies are told so, and the next call starts another', async () => {
    const { hooks, host, hosts } = await begun();
    const call = hooks.call('on_starting', null);
    host.ears.ended('ended with exit code 9');
    await assert.rejects(call, {
      message: 'on_starting in gunicorn.conf.py ended with exit code 9.',
    });
    assert.equal(hosts.length, 1);
    const next = hooks.call('when_ready', null);
    hosts[1]?.ears.said({ error: { message: 'NameError: x', detail: '' } });
    await assert.rejects(next, /The hooks of gunicorn\.conf\.py cannot be run: NameError: x$/);
  });

  it('whose host dies while none is called say so in the log, but not of one that was closed', async () => {
    const { hooks, host, hosts, lines } = await begun();
    host.ears.ended('ended with SIGKILL');
    assert.deepEqual(lines, [
      'warning: The process for hooks of gunicorn.conf.py ended with SIGKILL; the next call evaluates it anew.',
    ]);
    const call = hooks.call('when_ready', null);
    hosts[1]?.ready();
    hosts[1]?.returns();
    await call;
    hooks.close();
    hosts[1]?.ears.ended('ended with SIGKILL');
    assert.equal(lines.length, 1);
  });

  it('of a file that cannot be evaluated end the beginning', async () => {
    const { hooks, hosts } = made();
    const beginning = hooks.begin();
    hosts[0]?.ears.said({ error: { message: 'NameError: x', detail: 'where' } });
    await assert.rejects(beginning, /cannot be run: NameError: x\nwhere$/);
  });

  it('of a worker that has gone are not called, unless they have begun', async () => {
    const { hooks, host } = await begun();
    const worker = (age: number) => {
      return { age, pid: null, loop_pid: age, booted: false, gone: false };
    };
    const calls = [1, 2, 3].map((age) => hooks.call('pre_fork', worker(age)));
    const death = hooks.call('child_exit', worker(2));
    assert.equal(hooks.callsAhead, 4);
    for (const age of [1, 2]) hooks.withdraw('pre_fork', age);
    await calls[1];
    assert.equal(hooks.callsAhead, 3);
    for (const call of [calls[0], calls[2], death]) {
      host.returns();
      await call;
    }
    assert.deepEqual(
      host.calls.map(({ hook, worker: about }) => [hook, about?.age]),
      [
        ['pre_fork', 1],
        ['pre_fork', 3],
        ['child_exit', 2],
      ],
    );
    assert.equal(hooks.callsAhead, 0);
  });

  it('that wait are 1000 at most', async () => {
    const { hooks, host } = await begun();
    const calls = Array.from({ length: 1001 }, () => hooks.call('child_exit', null));
    await assert.rejects(
      hooks.call('child_exit', null),
      /child_exit is not called: 1000 hooks wait before it\./,
    );
    assert.equal(host.calls.length, 1);
    hooks.close();
    await Promise.all(calls);
  });

  it('that wait are called before the host is closed, and no longer than one may take', async () => {
    const { hooks, host } = await begun();
    const calls = [hooks.call('child_exit', null), hooks.call('child_exit', null)];
    const finished = hooks.finish();
    host.returns();
    assert.equal(host.end, 'none');
    host.returns();
    await Promise.all([...calls, finished]);
    assert.equal(host.end, 'closed');
    await hooks.finish();

    const slow = await begun(20);
    void slow.hooks.tell('child_exit', null);
    await slow.hooks.finish();
    assert.notEqual(slow.host.end, 'none');
  });

  it('that hang at the end are given up together, with one line that names them', async () => {
    const { hooks, hosts, lines } = await begun(20);
    for (const hook of ['child_exit', 'child_exit', 'on_exit'] as const)
      void hooks.tell(hook, null);
    await hooks.finish();
    assert.equal(hosts.length, 2, 'the second one took the place of the first');
    assert.ok(hosts.every(({ end }) => end !== 'none'));
    assert.match(lines.join('\n'), /and are given up: child_exit, on_exit\.$/);
  });

  it('write into the log at their level', async () => {
    const { host, lines } = await begun();
    host.ears.said({ log: 'error', text: 'a' });
    host.ears.said({ log: 'nonsense', text: 'b' });
    assert.deepEqual(lines, ['error: a', 'info: b']);
  });
});
