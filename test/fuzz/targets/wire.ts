// The frames that a Python thread sends, right or wrong: however the reads cut them they are taken apart alike, heads are
// checked before anybody believes them, and behind a broken frame nothing is read.

import assert from 'node:assert/strict';
import { planResponse } from '../../../src/http1/response.ts';
import { FrameReader } from '../../../src/threads/python/frame-reader.ts';
import { ReplyHeadReader, THREAD_FRAME_BOUNDS } from '../../../src/threads/python/reply.ts';
import { type Phase, phaseAfter } from '../../../src/threads/python/reply-phases.ts';
import { FromThread, HEAD_LENGTH_MASK } from '../../../src/wire/python-frame.ts';
import { waysToCut } from '../pieces.ts';
import type { Target } from '../target.ts';

const HEAD = '200 OK\r\nContent-Type: text/plain\r\n';
const REQUEST = { method: 'GET', minorVersion: 1, keepAlive: true, upgrade: null };
const OPTIONS = { keepAlive: true, date: 'D', server: 'S', bodyLength: null };

export const wireTarget: Target = {
  name: 'wire',
  holds: 'frames are taken apart alike however they are cut, and what is no frame ends the reading',
  words: [
    HEAD,
    '\r\n',
    ...Object.values(FromThread).map((kind) => frame(kind, 0, '').toString('latin1')),
    frame(FromThread.PIECE, 0, 'piece').toString('latin1'),
    '\xff\xff\xff\xff',
  ],
  seeds: [
    frame(FromThread.WHOLE, HEAD.length, `${HEAD}body`),
    Buffer.concat([
      frame(FromThread.INTERIM, 0, '103 Early Hints\r\nLink: x\r\n'),
      frame(FromThread.HEAD, HEAD.length, `${HEAD}first`),
      frame(FromThread.PIECE, 0, 'second'),
      frame(FromThread.END, 0, ''),
    ]),
    Buffer.concat([
      frame(FromThread.WHOLE_OPEN, HEAD.length, HEAD),
      frame(FromThread.END, 0, ''),
      frame(FromThread.FAILED, 0, 'Traceback'),
      frame(FromThread.INTERRUPTED, 7, ''),
    ]),
  ],

  run(input) {
    const [first, ...others] = waysToCut(input).map(readIn);
    assert.ok(first !== undefined);
    for (const other of others) assert.deepEqual(other, first, 'another cut, another outcome');
    return first
      .map((event) => event.split(' ', 1)[0])
      .join(' ')
      .slice(0, 60);
  },
};

function readIn(pieces: readonly Buffer[]): string[] {
  const events: string[] = [];
  const heads = new ReplyHeadReader();
  let phase: Phase | undefined = 'head';
  let part = '';
  const flush = (): void => {
    if (part !== '') events.push(`part ${part}`);
    part = '';
  };
  const broken = (): boolean => events.at(-1)?.startsWith('broken') === true;
  const reader = new FrameReader(THREAD_FRAME_BOUNDS, FromThread.PIECE, {
    onFrame: (kind, aux, bytes, start, end) => {
      assert.ok(!broken(), 'nothing is read behind a broken frame');
      flush();
      assert.ok(start <= end && end <= bytes.length);
      phase = phase === undefined ? undefined : phaseAfter(phase, kind);
      const headEnd = start + (aux & HEAD_LENGTH_MASK);
      const head = heads.read(bytes, start, headEnd, end);
      if (head !== null) {
        const plan = planResponse(REQUEST, head, OPTIONS);
        assert.ok(!/[^\t\r\n\x20-\x7e\x80-\xff]/.test(plan.head), 'a head is clean');
      }
      events.push(`${kind}/${phase}/${head?.status ?? ''} ${bytes.toString('latin1', start, end)}`);
    },
    onStream: (kind) => {
      assert.ok(!broken(), 'nothing is read behind a broken frame');
      flush();
      events.push(`stream${kind}`);
    },
    onPart: (bytes) => {
      part += bytes.toString('latin1');
    },
    onBroken: (why) => {
      flush();
      events.push(`broken ${why}`);
    },
  });
  for (const piece of pieces) {
    // As the socket's own buffer: another's as soon as the call returns.
    const lent = Buffer.from(piece);
    reader.read(lent, lent.length);
    lent.fill(0x23);
  }
  flush();
  return events;
}

function frame(kind: number, aux: number, payload: string): Buffer {
  const header = Buffer.alloc(8);
  header.writeUInt32LE(payload.length, 0);
  header.writeUInt32LE((kind | (aux << 8)) >>> 0, 4);
  return Buffer.concat([header, Buffer.from(payload, 'latin1')]);
}
