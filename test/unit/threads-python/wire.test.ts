// The frames between the I/O loop and Python: the same numbers on both sides, any cut of the bytes, every bound.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { FrameReader } from '../../../src/threads/python/frame-reader.ts';
import * as wire from '../../../src/wire/python-frame.ts';
import { appFolder, makeProcess, RecordingJob } from './running-app.ts';

/** The repository's root, from dist/test/unit/threads-python. */
const root = fileURLToPath(new URL('../../../../', import.meta.url));

test('both sides of the wire use the same numbers', () => {
  const source = readFileSync(join(root, 'python/tunicorn_bridge/frame.py'), 'utf8');
  const python = new Map<string, number>();
  for (const [, name = '', value] of source.matchAll(/^([A-Z_]+) = (\d+)$/gm)) {
    python.set(name, Number(value));
  }
  const { ToThread, FromThread, ToControl, FromControl, Note } = wire;
  const kinds = { ...ToThread, ...FromThread, ...ToControl, ...FromControl, ...Note };
  const { HEADER_BYTES, NOTE_BYTES, LOG_MAX, SAMPLED, WAITED } = wire;
  const { WHOLE_BODY_MAX, HEAD_MAX, PIECE_MAX } = wire;
  const lengths = { HEADER_BYTES, NOTE_BYTES, LOG_MAX, WHOLE_BODY_MAX, HEAD_MAX, PIECE_MAX };
  const bounds = { ...lengths, SAMPLED, WAITED };
  for (const [name, value] of Object.entries({ ...kinds, ...bounds })) {
    assert.equal(python.get(name), value, name);
    python.delete(name);
  }
  // What only Python needs; anything else in its file would be a kind that this side does not know.
  assert.deepEqual([...python.keys()], ['JOIN_MAX']);
  const serve = readFileSync(join(root, 'python/tunicorn_bridge/serve.py'), 'utf8');
  const { CONTROL_FD, FAULT_FD, NOTES_FD, FIRST_THREAD_FD } = wire;
  const descriptors = { CONTROL_FD, FAULT_FD, NOTES_FD, FIRST_THREAD_FD };
  for (const [name, value] of Object.entries(descriptors)) {
    assert.match(serve, new RegExp(`^${name} = ${value}$`, 'm'));
  }
});

interface Heard {
  kind: number;
  aux: number;
  payload: string;
}

/** What a reader makes of the bytes, cut into reads at the given places. */
function readIn(bytes: Buffer, cuts: readonly number[]): { frames: Heard[]; broken: string[] } {
  const frames: Heard[] = [];
  const broken: string[] = [];
  const bounds = new Map([
    [1, 100],
    [2, 1000],
  ]);
  const reader = new FrameReader(bounds, 2, {
    onFrame: (kind, aux, from, start, end) =>
      frames.push({ kind, aux, payload: from.toString('latin1', start, end) }),
    onStream: (kind) => frames.push({ kind, aux: 0, payload: '' }),
    onPart: (part) => {
      const last = frames.at(-1);
      assert(last !== undefined);
      last.payload += part.toString('latin1');
    },
    onBroken: (why) => broken.push(why),
  });
  const places = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b);
  let at = 0;
  for (const place of [...places, bytes.length]) {
    const read = bytes.subarray(at, place);
    reader.read(read, read.length);
    at = place;
  }
  return { frames, broken };
}

function frameBytes({ kind, aux, payload }: Heard): Buffer {
  const header = Buffer.alloc(8);
  header.writeUInt32LE(payload.length, 0);
  header.writeUInt32LE((kind | (aux << 8)) >>> 0, 4);
  return Buffer.concat([header, Buffer.from(payload, 'latin1')]);
}

test('frames are the same wherever the reads end', () => {
  const frame = fc.oneof(
    fc.record({
      kind: fc.constant(1),
      aux: fc.nat(0xffffff),
      payload: fc.string({ maxLength: 100, unit: 'binary-ascii' }),
    }),
    fc.record({
      kind: fc.constant(2),
      aux: fc.constant(0),
      payload: fc.string({ maxLength: 1000, unit: 'binary-ascii' }),
    }),
  );
  fc.assert(
    fc.property(fc.array(frame), fc.array(fc.nat()), (frames, cuts) => {
      const read = readIn(Buffer.concat(frames.map(frameBytes)), cuts);
      assert.deepEqual(read.broken, []);
      assert.deepEqual(
        read.frames,
        frames.map((each) => ({ ...each })),
      );
    }),
  );
});

test('a frame at its bound is read, one byte more breaks the wire, and so does an unknown kind', () => {
  const largest = frameBytes({ kind: 1, aux: 0, payload: 'x'.repeat(100) });
  assert.equal(readIn(largest, []).frames.length, 1);
  const larger = frameBytes({ kind: 1, aux: 0, payload: 'x'.repeat(101) });
  assert.match(readIn(larger, []).broken[0] ?? '', /announces 101 bytes, more than 100/);
  const unknown = frameBytes({ kind: 9, aux: 0, payload: '' });
  const after = readIn(Buffer.concat([unknown, largest]), []);
  assert.deepEqual(after, { frames: [], broken: ['frame of unknown kind 9'] });
});

/** A bridge that answers each request with the given bytes. `{gone}` in the source stands for nothing else. */
function fakeBridge(answer: string): string {
  return `
import socket, struct, json
control = socket.socket(fileno=3)
control.recv(65536)
ready = json.dumps({'python': '3'}).encode()
control.sendall(struct.pack('<II', len(ready), 48) + ready)
thread = socket.socket(fileno=6)
def frame(kind, payload=b'', aux=0):
    return struct.pack('<II', len(payload), kind | aux << 8) + payload
thread.recv(65536)
thread.sendall(${answer})
control.recv(65536)
control.recv(65536)
`;
}

const HEAD = "b'200 OK\\r\\nA: b\\r\\n'";
const broken: readonly [string, string][] = [
  ['garbage', "b'HTTP/1.1 200 OK\\r\\n\\r\\n'"],
  ['a kind that only the loop sends', 'frame(1)'],
  ['a piece before the head', "frame(19, b'x')"],
  ['an end before the head', 'frame(20)'],
  ['a head longer than its frame', `frame(16, ${HEAD}, 500)`],
  ['a head that is none', "frame(16, b'hello', 5)"],
  ['a head with a line end of its own', "frame(16, b'200 OK\\r\\nA: b\\nC: d\\r\\n', 19)"],
  ['two heads', `frame(18, ${HEAD}, 14) * 2`],
  [
    'a file that is not its own',
    `frame(21, ${HEAD} + struct.pack('<QQ', 0, 5) + b'/etc/passwd', 14)`,
  ],
  ['an interruption that nobody asked for', 'frame(24, b"", 1)'],
];

for (const [what, answer] of broken) {
  test(`${what} on the wire never becomes a response`, async (t) => {
    const folder = appFolder(t, '');
    const bridge = join(folder, 'bridge.py');
    writeFileSync(bridge, fakeBridge(answer));
    const python = makeProcess(folder, { bridge, spareThreads: 0 });
    t.after(() => python.stop(false));
    await python.start();
    const [thread] = python.threads;
    assert(thread !== undefined);
    const job = new RecordingJob('/');
    thread.take(job);
    await job.finished;
    assert.deepEqual(
      job.heard.filter((event) => event !== 'head'),
      ['started', 'failed'],
    );
    assert.equal(job.failures[0]?.status, 502);
    assert.equal(job.failures[0]?.code, 'wire-broken');
    assert.equal(job.over, 1);
    assert.equal(thread.state, 'dead');
  });
}

test('bytes that nobody asked for, after a response, break the wire before the next request', async (t) => {
  const folder = appFolder(t, '');
  const bridge = join(folder, 'bridge.py');
  writeFileSync(bridge, fakeBridge(`frame(16, ${HEAD}, 14) + frame(16, ${HEAD}, 14)`));
  const python = makeProcess(folder, { bridge, spareThreads: 0 });
  t.after(() => python.stop(false));
  const died = new Promise<string>((resolve) => {
    python.events = { roomMade: () => {}, died: (_thread, failure) => resolve(failure.code) };
  });
  await python.start();
  const job = new RecordingJob('/');
  python.threads[0]?.take(job);
  assert.equal(await died, 'wire-broken');
  assert.deepEqual(job.heard, ['started', 'whole']);
});

test('when the loop is killed, a Python process that holds its interpreter lock ends as well', async (t) => {
  const folder = appFolder(
    t,
    `
import ctypes
def app(environ, start_response):
    open('begun', 'w').close()
    ctypes.PyDLL(None).sleep(100000)
`,
  );
  const processUrl = new URL('../../../src/threads/python/process.js', import.meta.url).href;
  const jobUrl = new URL('./running-app.js', import.meta.url).href;
  const host = spawn(
    process.execPath,
    [
      '--input-type=module',
      '-e',
      `import { makeProcess, RecordingJob } from ${JSON.stringify(jobUrl)};
       await import(${JSON.stringify(processUrl)});
       const python = makeProcess(${JSON.stringify(folder)});
       await python.start();
       python.threads[0].take(new RecordingJob('/'));
       console.log(python.pid);
       setInterval(() => {}, 1000);`,
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  t.after(() => host.kill('SIGKILL'));
  const pid = Number(String(await new Promise((resolve) => host.stdout.once('data', resolve))));
  while (!existsSync(join(folder, 'begun'))) {
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert.equal(isRunning(pid), true);
  host.kill('SIGKILL');
  while (isRunning(pid)) {
    await new Promise((resolve) => setImmediate(resolve));
  }
});

/** False for a zombie, too: nobody may be there to collect it. */
function isRunning(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'latin1'));
  } catch {
    return false;
  }
}
