// How many requests a second cross the border to Python and back, without HTTP and without clients: the loop's side and
// the Python side of the bridge, with one, and with four threads kept busy. Prints; asserts nothing.
//
//   node dist/bench/python-bridge.js [seconds for each row, default 2] [python executable]

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type {
  AppThread,
  Failure,
  Job,
  Peer,
  RequestBody,
  RequestHead,
} from '../src/threads/app-thread.ts';
import { PythonProcess } from '../src/threads/python/process.ts';
import { temporaryFolder } from './leave-nothing.ts';

const APP = `
def hello(environ, start_response):
    start_response('200 OK', [('Content-Type', 'text/plain'), ('Content-Length', '13')])
    return [b'Hello, World!']

class Closing:
    def __init__(self): self.it = iter([b'Hello, World!'])
    def __iter__(self): return self.it
    def close(self): pass

def closing(environ, start_response):
    start_response('200 OK', [('Content-Type', 'text/plain'), ('Content-Length', '13')])
    return Closing()

BIG = b'x' * 65536
def big(environ, start_response):
    start_response('200 OK', [('Content-Type', 'text/plain')])
    return (BIG for _ in range(1600))
`;

const SMALL_FIELDS = ['Host', '127.0.0.1:8000'];
const BROWSER_FIELDS = [
  ['Host', 'www.example.org'],
  ['User-Agent', 'Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0'],
  ['Accept', 'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8'],
  ['Accept-Language', 'en-US,en;q=0.5'],
  ['Accept-Encoding', 'gzip, deflate, br, zstd'],
  ['Cookie', 'session=8d1b5c7e9f0a4b2c; theme=dark; seen=1721990000'],
  ['Referer', 'https://www.example.org/catalogue?page=3'],
  ['DNT', '1'],
  ['Sec-Fetch-Dest', 'document'],
  ['Sec-Fetch-Mode', 'navigate'],
  ['Sec-Fetch-Site', 'same-origin'],
  ['Priority', 'u=0, i'],
].flat();

const peer: Peer = {
  address: '127.0.0.1',
  port: 50000,
  serverName: '127.0.0.1',
  serverPort: 8000,
  scheme: 'http',
};
const none: RequestBody = { kind: 'none' };
const line = { method: 'GET', target: '/', path: '/', query: '', host: null, minorVersion: 1 };
const head = {
  ...line,
  keepAlive: true,
  expects: 'nothing' as const,
  upgrade: null,
  forwarded: null,
};

class LoopJob implements Job {
  readonly head: RequestHead;
  readonly peer = peer;
  readonly body = none;
  thread: AppThread | null = null;
  bytes = 0;
  constructor(head: RequestHead) {
    this.head = head;
  }
  started(): void {}
  handedBack(): void {}
  interim(): void {}
  whole(_head: unknown, body: Buffer): void {
    this.bytes += body.length;
  }
  replyHead(): void {}
  piece(bytes: Buffer): boolean {
    this.bytes += bytes.length;
    return true;
  }
  file(): void {}
  extend(): number {
    return 0;
  }
  upgraded(): null {
    return null;
  }
  end(): void {}
  jobOver(): void {}
  failed(failure: Failure): void {
    if (failure.code !== 'stopped') {
      throw new Error(failure.detail);
    }
  }
}

async function row(
  title: string,
  folder: string,
  app: string,
  threads: number,
  fields: () => readonly string[],
): Promise<void> {
  const seconds = Number(process.argv[2] ?? 2);
  const python = new PythonProcess({
    python: process.argv[3] ?? 'python3',
    app: `benchapp:${app}`,
    threads,
    chdir: folder,
    pythonpath: null,
    env: process.env,
    multiprocess: false,
    log: (_level, message) => console.error(message),
  });
  let served = 0;
  let bytes = 0;
  let job: LoopJob | null = null;
  const give = (thread: AppThread): void => {
    bytes += job?.bytes ?? 0;
    job = new LoopJob({ ...head, fields: fields() });
    thread.take(job);
  };
  python.events = {
    roomMade: (thread) => {
      served += 1;
      give(thread);
    },
    // At the end of a row one request may not have begun.
    handedBack: () => {},
    died: () => {},
  };
  await python.start();
  await pause(300);
  const before = process.cpuUsage();
  const pythonBefore = cpuMicros(python.pid);
  const [servedBefore, bytesBefore, start] = [served, bytes, performance.now()];
  await pause(seconds * 1000);
  const passed = performance.now() - start;
  const cpu = process.cpuUsage(before);
  const count = served - servedBefore;
  const pythonMicros = ((cpuMicros(python.pid) - pythonBefore) / count).toFixed(1);
  python.kill();
  await python.stop(false);
  const perSecond = Math.round((count * 1000) / passed);
  const loopMicros = ((cpu.user + cpu.system) / count).toFixed(1);
  const megabytes = Math.round((bytes - bytesBefore) / 1e6 / (passed / 1000));
  console.log(
    `${title.padEnd(36)} ${String(perSecond).padStart(8)} req/s  ${loopMicros.padStart(7)} us loop ${pythonMicros.padStart(7)} us Python  ${megabytes} MB/s`,
  );
}

/** User and system time of another process, in microseconds; Linux only, in steps of 10 ms. */
function cpuMicros(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) * 10_000;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

const folder = temporaryFolder('python-bridge');
writeFileSync(join(folder, 'benchapp.py'), APP);
const same = (fields: readonly string[]) => () => fields;
const fresh = (fields: readonly string[]) => () => [...fields];
await row('hello, 1 thread', folder, 'hello', 1, same(SMALL_FIELDS));
await row('hello, 4 threads', folder, 'hello', 4, same(SMALL_FIELDS));
await row('hello, browser head, 1 thread', folder, 'hello', 1, same(BROWSER_FIELDS));
await row('hello, browser head never seen', folder, 'hello', 1, fresh(BROWSER_FIELDS));
await row('result with close(), 1 thread', folder, 'closing', 1, same(SMALL_FIELDS));
await row('100 MB in 64 KiB pieces, 1 thread', folder, 'big', 1, same(SMALL_FIELDS));
