// Where one frame of a server's WebSocket stream ends and the next begins: whatever the frames are and however they are cut, the
// machine is at a boundary exactly where one is, and knows whether a message or the whole stream is over.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { RawReply } from '../../../src/connection/answering/raw-reply.ts';
import { closeFrame, ServerFrames } from '../../../src/connection/answering/server-frames.ts';
import { frameHeader } from '../../support/websocket-frames.ts';

interface Frame {
  readonly opcode: number;
  readonly fin: boolean;
  readonly mask: boolean;
  readonly length: number;
}

function bytesOf({ opcode, fin, mask, length }: Frame): Buffer {
  // What would be a header if it were read as one.
  const payload = Buffer.alloc(length, Buffer.from([0x88, 0x02]));
  const key = Buffer.from(mask ? [1, 2, 3, 4] : []);
  return Buffer.concat([frameHeader(opcode, length, mask, { fin }), key, payload]);
}

const frame = fc.record({
  opcode: fc.constantFrom(0, 1, 2, 9, 10),
  fin: fc.boolean(),
  mask: fc.constantFrom(false, false, true),
  length: fc.constantFrom(0, 1, 125, 126, 127, 300, 65_535, 65_536, 70_000),
});

test('the boundaries are where frames end, wherever the stream is cut', () => {
  const cuts = fc.array(fc.integer({ min: 1, max: 5000 }), { minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(fc.array(frame, { minLength: 1, maxLength: 6 }), cuts, (frames, sizes) => {
      const all = frames.map(bytesOf);
      const stream = Buffer.concat(all);
      const ends = new Set<number>();
      let end = 0;
      for (const one of all) {
        end += one.length;
        ends.add(end);
      }
      const machine = new ServerFrames();
      for (let at = 0, turn = 0; at < stream.length; turn++) {
        const size = sizes[turn % sizes.length] ?? 1;
        const to = Math.min(stream.length, at + size);
        machine.feed(stream.subarray(at, to));
        at = to;
        assert.equal(machine.atBoundary, ends.has(at), `at ${at}`);
      }
      const data = frames.filter(({ opcode }) => opcode < 8);
      assert.equal(machine.inMessage, data.at(-1)?.fin === false);
      assert.equal(machine.closed, false);
    }),
    { numRuns: 300 },
  );
});

test('a control frame between the frames of a message does not end it, and a close ends the stream', () => {
  const machine = new ServerFrames();
  machine.feed(bytesOf({ opcode: 1, fin: false, mask: false, length: 3 }));
  machine.feed(bytesOf({ opcode: 9, fin: true, mask: false, length: 0 }));
  assert.equal(machine.inMessage, true);
  machine.feed(closeFrame(1001));
  assert.equal(machine.closed, true);
  assert.deepEqual([...closeFrame(1001)], [0x88, 0x02, 0x03, 0xe9]);
});

const SWITCH = 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n';

test('the head of an answer is found in whatever pieces it comes, and only a 101 makes a WebSocket', () => {
  const stream = Buffer.concat([Buffer.from(SWITCH), Buffer.from([0x81, 1, 0x61, 0x81])]);
  for (let size = 1; size <= stream.length; size++) {
    const reply = new RawReply({ upgrade: 'h2c, WebSocket' });
    for (let at = 0; at < stream.length; at += size) reply.feed(stream.subarray(at, at + size));
    assert.equal(reply.status, '101 Switching Protocols', `in pieces of ${size}`);
    assert.equal(reply.bodyBytes, 4);
    assert.equal(reply.frames?.atBoundary, false);
  }
  const refused = new RawReply({ upgrade: 'websocket' });
  refused.feed(Buffer.from('HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n'));
  assert.deepEqual([refused.status, refused.frames], ['401 Unauthorized', null]);
  const tunnel = new RawReply({ upgrade: null });
  tunnel.feed(Buffer.from(SWITCH));
  assert.equal(tunnel.frames, null);
});

test('what is no head at all is bytes', () => {
  const reply = new RawReply({ upgrade: 'x' });
  reply.feed(Buffer.alloc(100_000, 'x'));
  reply.feed(Buffer.from('HTTP/1.1 101 too late\r\n\r\n'));
  assert.equal(reply.status, '');
  assert.equal(reply.bodyBytes, 100_025);
});
