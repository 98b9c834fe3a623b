// The control socket over the life of an arbiter: settings that want none, or one elsewhere, take effect one after another, and
// nothing of it is left at the end. Seen to fail: an end that waits for itself, when none is wanted.

import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { answer } from '../../../../src/arbiter/control/answering.ts';
import { Control } from '../../../../src/arbiter/control/control.ts';
import { Operator, type Steered } from '../../../../src/arbiter/control/operator.ts';
import type { ErrorLog } from '../../../../src/observe/log.ts';
import { eventually } from '../../../support/eventually.ts';

const terms = (control_socket: string, control_socket_disable = false) => ({
  control_socket,
  control_socket_disable,
  control_socket_mode: '0600',
  pidfile: null,
});

test('a control socket is opened, moved and given up as the settings say, and leaves nothing', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'tunicorn-control-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const [one, other] = [join(folder, 'one.ctl'), join(folder, 'other.ctl')];
  const errors: string[] = [];
  const log = { debug: () => undefined, error: (message: string) => errors.push(message) };
  const control = new Control(new Operator({} as Steered), () => log as unknown as ErrorLog);
  const holds = (...names: string[]): Promise<unknown> =>
    eventually(() => readdirSync(folder).join() === names.join());
  control.configure(terms(one, true), false);
  control.configure(terms(one), false);
  await holds('one.ctl');
  control.configure(terms(other), true);
  await holds('other.ctl.2');
  control.configure(terms(other, true), false);
  await holds();
  control.configure(terms(one), false);
  await holds('one.ctl');
  // What somebody else has put in its place is not ours to remove.
  rmSync(one);
  writeFileSync(one, 'a file');
  await control.close();
  assert.deepEqual([readdirSync(folder), errors], [['one.ctl'], []]);
});

test('a path that no socket can have is told, and nothing is made there', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'tunicorn-control-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const errors: string[] = [];
  const log = { debug: () => undefined, error: (message: string) => errors.push(message) };
  const control = new Control(new Operator({} as Steered), () => log as unknown as ErrorLog);
  control.configure(terms(join(folder, 'x'.repeat(120))), false);
  await eventually(() => errors.length === 1);
  await control.close();
  assert.match(errors[0] ?? '', /^No control socket: the path .*x has 1\d\d bytes, and a unix/);
  assert.deepEqual(readdirSync(folder), []);
});

test('many workers are asked for one by one, others are answered meanwhile, and the last word counts', async () => {
  const asked: string[] = [];
  const server = {
    phase: 'running',
    size: 2,
    more() {
      this.size += 1;
      asked.push('more');
    },
    fewer() {
      this.size -= 1;
      asked.push('fewer');
    },
  };
  const operator = new Operator(server as unknown as Steered);
  const tooMany = { method: 'POST', path: '/workers', query: new URLSearchParams() };
  assert.deepEqual(await answer(operator, { ...tooMany, body: '{"count": 100000}' }), {
    status: 400,
    body: { error: 'count is at most 1000, and 100000 was asked for.' },
  });
  assert.deepEqual(operator.scale(500), { workers: 500 });
  assert.equal(asked.length, 1);
  assert.deepEqual(operator.scale(1), { workers: 1 });
  await eventually(() => server.size === 1);
  assert.deepEqual(asked, ['more', 'fewer', 'fewer']);
});

test('one that is wanted by nobody ends at once', async () => {
  const control = new Control(new Operator({} as Steered), () => assert.fail('nothing to say'));
  control.configure(terms('/nowhere', true), false);
  await control.close();
});

test('of all workers together no more connections are told than are asked for, those that are oldest', async () => {
  const worker = (pid: number, ages: readonly number[]): object => ({
    pid,
    servedMs: 1,
    questions: {
      ask: async () => ({
        about: 'connections',
        open: ages.length,
        states: { 'keep-alive': ages.length },
        matching: ages.length,
        connections: ages.map((ageMs) => ({ ageMs })),
      }),
    },
  });
  const workers = [worker(1, [900, 100]), worker(2, [500, 400])];
  const operator = new Operator({ workers } as unknown as Steered);
  const asked = await operator.connections({ state: null, client: null, path: null }, 3);
  assert.deepEqual(
    [asked.matching, asked.connections.map(({ ageMs }) => ageMs)],
    [4, [900, 500, 400]],
  );
});
