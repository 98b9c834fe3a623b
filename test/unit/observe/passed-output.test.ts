// What an application prints is passed on as it is, up to a bound for what nobody reads, and the end of a reader is told of.

import assert from 'node:assert/strict';
import { Writable } from 'node:stream';
import { test } from 'node:test';
import { PassedOutput } from '../../../src/observe/passed-output.ts';

const MIB = 1024 * 1024;

/** Takes one piece at a time, when it is told to. */
class Reader extends Writable {
  readonly taken: Buffer[] = [];
  readonly told: string[] = [];
  readonly output: PassedOutput;
  #takeOne: () => void = () => {};

  constructor() {
    super();
    this.output = new PassedOutput(this, 'the standard output');
    this.output.losses.onTrouble = (message) => this.told.push(message);
    this.output.losses.onRecovered = (message) => this.told.push(message);
  }

  override _write(bytes: Buffer, _encoding: string, done: () => void): void {
    this.#takeOne = () => {
      this.taken.push(bytes);
      done();
    };
  }

  async takeAll(): Promise<void> {
    while (this.writableLength > 0) {
      this.#takeOne();
      await new Promise(setImmediate);
    }
  }
}

test('bytes arrive as they are, whatever they are', async () => {
  const reader = new Reader();
  reader.output.pass(Buffer.from([0xff, 0x00, 0x0a]));
  reader.output.pass(Buffer.from('é'));
  await reader.takeAll();
  assert.deepEqual(Buffer.concat(reader.taken), Buffer.from([0xff, 0x00, 0x0a, 0xc3, 0xa9]));
  assert.deepEqual(reader.told, []);
});

test('16 MiB may wait and not a byte more; it is told once, and when somebody reads again', async () => {
  const reader = new Reader();
  for (let at = 0; at < 16; at++) reader.output.pass(Buffer.alloc(MIB));
  assert.deepEqual(reader.told, []);
  for (let at = 0; at < 3; at++) reader.output.pass(Buffer.alloc(1));
  assert.equal(reader.writableLength, 16 * MIB);
  const trouble = 'Cannot pass on what the application prints to the standard output';
  assert.deepEqual(reader.told, [`${trouble}: nobody reads`]);
  await reader.takeAll();
  assert.deepEqual(reader.told.slice(1), [`${trouble}: that is over; 3 lost`]);
  reader.output.pass(Buffer.from('again'));
  await reader.takeAll();
  assert.equal(reader.taken.at(-1)?.toString(), 'again');
});

test('a reader that has gone ends nobody', async () => {
  const reader = new Reader();
  reader.destroy(new Error('EPIPE'));
  await new Promise(setImmediate);
  assert.match(reader.told[0] ?? '', /standard output: EPIPE$/);
  reader.output.pass(Buffer.from('for nobody'));
  await new Promise(setImmediate);
  assert.equal(reader.told.length, 1);
});
