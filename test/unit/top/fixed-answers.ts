// What the control socket of a busy shop answered at one moment: two workers, four threads each, one of them stuck, and a client that
// would like to speak to the terminal.

import { type Answers, type Seen, seenIn } from '../../../src/top/seen.ts';

const STUCK = {
  method: 'GET',
  path: '/report\x1b[2J\n/of"all/months/of/the/year/and/some/more/than/that',
  client: '127.0.0.1:49200',
  ageMs: 12_400,
  ranMs: 12_345,
};
const YOUNG = { method: 'POST', path: '/cart', client: '[2001:db8::7]:443', ageMs: 40, ranMs: 12 };
const SLOW = { method: 'GET', path: '/søk', client: '10.0.0.9:1234', ageMs: 1900, ranMs: 1800 };

function thread(worker: number, number: number, requests: readonly object[] = []): object {
  const load = requests.length;
  return { worker, name: `thread ${number}`, state: 'ready', load, places: 16, requests };
}

function worker(pid: number, answered: number, memory: number): object {
  const counts = { connections: 60, queued: 2, threads: 4, busyThreads: 2 };
  return { pid, age: 1, state: 'ready', answered, memoryBytes: memory * 2 ** 20, ...counts };
}

export const ANSWERS: Answers = {
  status: {
    name: 'shop',
    version: '0.1.0',
    pid: 4700,
    uptimeSeconds: 11_220,
    listening: ['http://127.0.0.1:8000'],
    phase: 'running',
    workers: { wanted: 2, alive: 2, ready: 2 },
    connections: 118,
    queued: 1,
    threads: { all: 8, busy: 2 },
  },
  traffic: {
    lately: {
      seconds: 5,
      perSecond: 1234.5,
      durationMs: { p50: 1.24, p99: 1830 },
      queueWaitMs: { p50: 0.04, p99: 31 },
      answered: { none: 0, '2xx': 6000, '4xx': 150, '5xx': 2 },
      unserved: { 'queue-full': 2 },
      refused: {},
    },
  },
  workers: { workers: [worker(4711, 123_456, 88), worker(4712, 99, 412)] },
  threads: {
    threads: [
      thread(4711, 1, [STUCK]),
      thread(4711, 2),
      thread(4711, 3),
      thread(4711, 10, [YOUNG, SLOW]),
      thread(4712, 1),
      thread(4712, 2, [YOUNG]),
      thread(4712, 3),
      thread(4712, 4),
    ],
    silent: [],
  },
  connections: {
    open: 120,
    states: { 'keep-alive': 100, running: 4, queued: 3, new: 1, head: 12 },
    matching: 120,
    connections: [],
  },
};

export const SEEN: Seen = seenIn(ANSWERS);
