// Messages of a server as the page is sent them, for the tests of its parts.

import type {
  Frame,
  LiveEvent,
  LiveRequest,
  LiveServer,
  LiveThread,
  Point,
} from '../../../src/wire/live.ts';

export const SERVER: LiveServer = {
  name: 'shop:app',
  version: '1.0.0',
  pid: 1,
  uptimeSeconds: 5,
  phase: 'running',
  listening: ['http://127.0.0.1:8000'],
  workersWanted: 2,
};

/** @param second since 1970 */
export function point(second: number, has: Partial<Point> = {}): Point {
  return {
    atMs: second * 1000,
    perSecond: 0,
    failedPerSecond: 0,
    limitedPerSecond: 0,
    p50Ms: null,
    p99Ms: null,
    queueP50Ms: null,
    queueP99Ms: null,
    queued: 0,
    connections: 0,
    busyThreads: 0,
    ...has,
  };
}

export function event(id: number, has: Partial<LiveEvent> = {}): LiveEvent {
  return { id, atMs: id * 1000, kind: 'timed out', count: 1, worker: null, why: 'why.', ...has };
}

export function frame(has: Partial<Frame>): Frame {
  return {
    server: SERVER,
    points: [],
    totals: { answered: {}, failed: {}, refused: {}, responseBytes: 0 },
    lanes: [],
    marks: [],
    threads: [],
    workers: [],
    events: [],
    silent: [],
    ...has,
  };
}

export function request(ageMs: number, used: number | null, path = '/'): LiveRequest {
  const deadline = used === null ? null : { setting: 'timeout', inMs: 1000, used };
  return { method: 'GET', path, client: '127.0.0.1', ageMs, ranMs: ageMs, deadline };
}

export function thread(worker: number, name: string, has: Partial<LiveThread> = {}): LiveThread {
  return { worker, name, state: 'ready', load: 0, places: 1, requests: [], ...has };
}
