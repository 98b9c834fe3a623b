// Starts a real Python process with a small application, and jobs that remember what they hear. For the tests beside it.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type {
  AppThread,
  Failure,
  Job,
  Peer,
  ReplyHead,
  RequestBody,
  RequestHead,
} from '../../../src/threads/app-thread.ts';
import type { PythonThread } from '../../../src/threads/python/channel.ts';
import { PythonProcess } from '../../../src/threads/python/process.ts';
import type { PythonOptions } from '../../../src/threads/python/spawn.ts';
import { requestHead } from '../../support/request-head.ts';

export const PEER: Peer = {
  address: '192.0.2.7',
  port: 50123,
  serverName: '127.0.0.1',
  serverPort: 8000,
  scheme: 'http',
};

/** Remembers everything; `finished` resolves when the response is complete or failed. */
export class RecordingJob implements Job {
  readonly head: RequestHead;
  readonly peer = PEER;
  readonly body: RequestBody;
  thread: AppThread | null = null;
  heard: string[] = [];
  reply: ReplyHead | null = null;
  pieces: Buffer[] = [];
  interims: [string, string][] = [];
  failures: Failure[] = [];
  files: { fd: number; offset: number; length: number }[] = [];
  /** How often `jobOver` was called. */
  over = 0;
  /** What `piece` answers. */
  roomForMore = true;
  readonly finished: Promise<void>;
  #finish: () => void = () => {};
  #onEvent: (() => void)[] = [];

  constructor(
    target: string,
    more: { method?: string; fields?: string[]; body?: RequestBody } = {},
  ) {
    const { method = 'GET', fields = ['Host', 'test'], body = { kind: 'none' } } = more;
    this.head = requestHead(target, { method, fields });
    this.body = body;
    this.finished = new Promise((resolve) => {
      this.#finish = resolve;
    });
  }

  get text(): string {
    return Buffer.concat(this.pieces).toString();
  }

  /** Resolves when `condition` holds, looked at after each event. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) {
      await new Promise<void>((resolve) => this.#onEvent.push(resolve));
    }
  }

  started(): void {
    this.#hear('started');
  }
  handedBack(): void {
    this.#hear('handed back');
  }
  upgraded(): null {
    throw new Error('WSGI knows no upgrades');
  }
  interim(status: string, fields: string): void {
    this.interims.push([status, fields]);
    this.#hear('interim');
  }
  whole(head: ReplyHead, body: Buffer): void {
    this.reply = head;
    this.pieces.push(body);
    this.#hear('whole');
    this.#finish();
  }
  replyHead(head: ReplyHead): void {
    this.reply = head;
    this.#hear('head');
  }
  piece(bytes: Buffer): boolean {
    this.pieces.push(bytes);
    this.#hear('piece');
    return this.roomForMore;
  }
  file(fd: number, offset: number, length: number): void {
    this.files.push({ fd, offset, length });
    this.#hear('file');
  }
  /** What was asked for, ms. */
  extensions: number[] = [];
  extend(ms: number): number {
    this.extensions.push(ms);
    this.#hear('extend');
    return ms;
  }
  end(): void {
    this.#hear('end');
    this.#finish();
  }
  failed(failure: Failure): void {
    this.failures.push(failure);
    this.#hear('failed');
    this.#finish();
  }

  jobOver(): void {
    this.over += 1;
  }

  #hear(event: string): void {
    this.heard.push(event);
    const waiting = this.#onEvent;
    this.#onEvent = [];
    for (const resolve of waiting) {
      resolve();
    }
  }
}

export interface RunningApp {
  readonly python: PythonProcess;
  readonly folder: string;
  readonly logged: string[];
  /** Gives the job to the first thread with room, now or when there is one, and resolves when it is finished. */
  run(job: RecordingJob): Promise<RecordingJob>;
  /** Resolves to a thread with room. */
  freeThread(): Promise<PythonThread>;
}

/** A folder that is removed when the test ends, with `app.py` in it. */
export function appFolder(test: TestContext, source: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'tunicorn-python-'));
  test.after(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, 'app.py'), source);
  return folder;
}

/** A process that runs `app` of the given source; killed when the test ends. */
export async function startApp(
  test: TestContext,
  source: string,
  more: Partial<PythonOptions> = {},
): Promise<RunningApp> {
  const folder = appFolder(test, source);
  const logged: string[] = [];
  const python = makeProcess(folder, { log: (_level, message) => logged.push(message), ...more });
  test.after(() => python.stop(false));
  let waiting: (() => void)[] = [];
  python.events = {
    roomMade: () => {
      const all = waiting;
      waiting = [];
      for (const resolve of all) {
        resolve();
      }
    },
    died: () => {},
  };
  await python.start();
  const freeThread = async (): Promise<PythonThread> => {
    for (;;) {
      const thread = python.threads.find((candidate) => candidate.room > 0);
      if (thread !== undefined) {
        return thread;
      }
      await new Promise<void>((resolve) => waiting.push(resolve));
    }
  };
  const run = async (job: RecordingJob): Promise<RecordingJob> => {
    (await freeThread()).take(job);
    await job.finished;
    return job;
  };
  return { python, folder, logged, run, freeThread };
}

export function makeProcess(folder: string, more: Partial<PythonOptions> = {}): PythonProcess {
  return new PythonProcess({
    python: 'python3',
    app: 'app:app',
    threads: 1,
    chdir: folder,
    pythonpath: null,
    env: process.env,
    multiprocess: false,
    log: () => {},
    ...more,
  });
}
