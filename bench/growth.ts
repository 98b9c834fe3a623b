// What a byte costs as an input grows: heads, chunks, trailers and pipelines, whole and a byte at a time, through the
// connection machine with an application that answers at once. Flat lines are the point; prints and asserts nothing
// (test/fuzz/growth.test.ts and test/unit/http1/work.test.ts assert). `--kib 256 --rounds 5`.

import { parseArgs } from 'node:util';
import { OneConnection } from '../test/fuzz/one-connection.ts';

const { values: options } = parseArgs({
  options: { kib: { type: 'string', default: '256' }, rounds: { type: 'string', default: '5' } },
});

const UNLIMITED = { bodyBytesMax: 0, headLimits: { line: 0, fields: 0, fieldSize: 0 } };
const GET = 'GET / HTTP/1.1\r\nHost: x\r\n';
const CHUNKED = 'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n';

/** About `bytes` bytes of each. */
const INPUTS: Readonly<Record<string, (bytes: number) => string>> = {
  'many fields': (bytes) => `${GET}${'A: b\r\n'.repeat(bytes / 6)}\r\n`,
  'many names': (bytes) =>
    `${GET}${Array.from({ length: bytes / 11 }, (_, n) => `X${10_000 + n}: y\r\n`).join('')}\r\n`,
  'one field': (bytes) => `${GET}A: ${'b'.repeat(bytes)}\r\n\r\n`,
  'chunks of a byte': (bytes) => `${CHUNKED}${'1\r\na\r\n'.repeat(bytes / 6)}0\r\n\r\n`,
  trailers: (bytes) => `${CHUNKED}0\r\n${'A: b\r\n'.repeat(bytes / 6)}\r\n`,
  pipeline: (bytes) => `${GET}\r\n`.repeat(bytes / GET.length),
};

const largest = Number(options.kib) * 1024;
const sizes = [64, 16, 4, 1].map((part) => Math.floor(largest / part));

console.log(`| nanoseconds a byte | read | ${sizes.map(inWords).join(' | ')} |`);
console.log(`| --- | --- |${' --- |'.repeat(sizes.length)}`);
for (const [name, make] of Object.entries(INPUTS)) {
  for (const [how, read] of [
    ['whole', Number.POSITIVE_INFINITY],
    ['by bytes', 1],
  ] as const) {
    const costs = sizes.map((size) => cost(Buffer.from(make(size), 'latin1'), read));
    console.log(`| ${name} | ${how} | ${costs.map((ns) => ns.toFixed(1)).join(' | ')} |`);
  }
}

/** The least of several rounds: what else the machine does can only add. */
function cost(bytes: Buffer, read: number): number {
  let leastMs = Number.POSITIVE_INFINITY;
  for (let round = 0; round < Number(options.rounds); round++) {
    const one = new OneConnection('streamed', UNLIMITED);
    const beganMs = performance.now();
    const step = Math.min(read, bytes.length);
    for (let at = 0; at < bytes.length; at += step) one.feed(bytes.subarray(at, at + step));
    leastMs = Math.min(leastMs, performance.now() - beganMs);
    one.leave();
  }
  return (leastMs * 1e6) / bytes.length;
}

function inWords(bytes: number): string {
  return bytes < 1024 ? `${bytes} B` : `${Math.round(bytes / 1024)} KiB`;
}
