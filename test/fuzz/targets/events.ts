// Bytes as a list of events: clients that come, send, stall, read and go, threads that begin, answer, fail and die, time
// that passes. The same run as in the properties of test/model, but led by the code that it reaches.

import { Run, type Step } from '../../model/run.ts';
import type { WorldOptions } from '../../model/terms.ts';
import { Random } from '../random.ts';
import type { Target } from '../target.ts';

const GET = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n';
const POST = 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 20\r\n\r\n01234567890123456789';
const CHUNKED =
  'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n';
const TEXTS: readonly string[] = [
  ...[GET, POST, CHUNKED, GET + GET, POST + GET, CHUNKED + GET, GET + POST + CHUNKED],
  'GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
  'GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n',
  'GET / HTTP/1.1\r\nHost x\r\n\r\n',
  'GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n',
  'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nx\r\n',
  'POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\nabc',
  'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2000\r\n\r\n',
];
const SIZES = [0, 1, 100, 5000, 50_000];
const WAITS_MS = [50, 300, 1000, 4000];
const CLIENT = ['end', 'vanish', 'stall', 'read'] as const;
const THREAD = ['claim', 'begin', 'whole', 'head', 'piece', 'finish', 'fail'] as const;

/** More than all steps can make: there is no disk here. */
const responseMemoryBytes = 100_000_000;
const WORLDS: readonly WorldOptions[] = [
  { limit: 4, threads: 2, capacity: 1, buffered: true, responseMemoryBytes },
  { limit: 4, threads: 2, capacity: 2, buffered: false, responseMemoryBytes },
  { limit: 4, threads: 2, capacity: 2, buffered: false, responseMemoryBytes, tls: true },
];

/** A step is three bytes: what, who, how. */
const STEP_BYTES = 3;
const STEPS_MAX = 200;
/** A step sends three requests at most, and each may take its whole time in the queue and in a thread. */
const REQUEST_MS = 3 * 5000;

export const eventsTarget: Target = {
  name: 'events',
  holds: 'the invariants hold after every event, and nothing is left at the end',
  words: [],
  seeds: Array.from({ length: 40 }, (_, n) => madeUp(n)),

  run(input) {
    const world = WORLDS[(input[0] ?? 0) % WORLDS.length] as WorldOptions;
    const run = new Run(world);
    const steps = stepsOf(input.subarray(1));
    for (const step of steps) run.apply(step);
    run.end(steps.length * REQUEST_MS);
    const { submitted, accepted } = run.world;
    return `${world.capacity} ${Math.min(9, submitted.size)} ${Math.min(9, accepted)}`;
  },
};

function madeUp(seed: number): Buffer {
  const random = new Random(seed);
  return Buffer.from(Array.from({ length: 1 + 30 * STEP_BYTES }, () => random.below(256)));
}

function stepsOf(bytes: Buffer): Step[] {
  const steps: Step[] = [];
  for (let at = 0; at + STEP_BYTES <= bytes.length && steps.length < STEPS_MAX; at += STEP_BYTES) {
    steps.push(stepOf(bytes[at] as number, bytes[at + 1] as number, bytes[at + 2] as number));
  }
  return steps;
}

function stepOf(what: number, who: number, how: number): Step {
  switch (what % 12) {
    case 0:
    case 1:
      return { do: 'connect' };
    case 2:
    case 3:
    case 4:
      return { do: 'bytes', who: who % 8, what: TEXTS[who % TEXTS.length] as string, cut: how };
    case 5:
      return { do: 'rest', who: who % 8 };
    case 6:
      return { do: CLIENT[how % CLIENT.length] as (typeof CLIENT)[number], who: who % 8 };
    case 7:
      return { do: 'wait', ms: WAITS_MS[how % WAITS_MS.length] as number };
    case 8:
      return how < 16 ? { do: 'die', thread: who } : how < 24 ? { do: 'drain' } : { do: 'connect' };
    default:
      return {
        do: THREAD[how % THREAD.length] as (typeof THREAD)[number],
        who: who % 8,
        size: SIZES[(how >> 4) % SIZES.length] as number,
      };
  }
}
