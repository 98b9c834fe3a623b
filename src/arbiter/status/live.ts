// What the page is sent: the past once, then each second what is (src/wire/live.ts). A frame is asked for, made and written as text
// once for all who watch; while nobody does nothing is asked, and only the history goes on.

import type { ServerResponse } from 'node:http';
import { packageVersion } from '../../package-folder.ts';
import { serverName } from '../../settings/process-name.ts';
import {
  type Frame,
  type LiveServer,
  type LiveWorker,
  MARKS_MAX,
  type Point,
  type History as Told,
} from '../../wire/live.ts';
import { type Operator, type Steered, sumOf } from '../control/operator.ts';
import type { WorkerHandle } from '../fleet/worker-handle.ts';
import { History, type HistoryClocks, type Present } from './history.ts';
import { Viewer } from './viewer.ts';

/** More than sit in front of one server; each costs a connection and what it has not read. */
export const VIEWERS_MAX = 64;

export class Live {
  readonly #server: Steered;
  readonly #operator: Operator;
  readonly #clocks: HistoryClocks;
  readonly #history: History;
  readonly #viewers = new Set<Viewer>();
  #timer: NodeJS.Timeout | null = null;
  /** The last event that viewers know. */
  #lastEvent: number;
  /** Points that no frame has told yet. */
  #untold: readonly Point[] = [];
  #isAsking = false;

  constructor(server: Steered, operator: Operator, clocks: HistoryClocks) {
    this.#server = server;
    this.#operator = operator;
    this.#clocks = clocks;
    this.#history = new History(clocks);
    this.#lastEvent = server.events.last;
    server.traffic.watch(this.#history);
    this.#await();
  }

  get isFull(): boolean {
    return this.#viewers.size >= VIEWERS_MAX;
  }

  /** Tells it what was and then what is, until it leaves. Its head has been written. */
  watch(response: ServerResponse): void {
    const viewer = new Viewer(response);
    this.#viewers.add(viewer);
    response.once('close', () => this.#viewers.delete(viewer));
    viewer.resume(this.#past());
  }

  end(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#server.traffic.unwatch(this.#history);
    for (const viewer of this.#viewers) viewer.end();
  }

  #await(): void {
    this.#timer = setTimeout(() => this.#tick(), this.#history.nextInMs);
    this.#timer.unref();
  }

  #tick(): void {
    this.#untold = [...this.#untold, ...this.#history.close(this.#present())];
    this.#await();
    if (this.#viewers.size > 0) void this.#show();
    else this.#forget();
  }

  /** Whoever comes now is told all of it at once. */
  #forget(): void {
    this.#untold = [];
    this.#lastEvent = this.#server.events.last;
  }

  async #show(): Promise<void> {
    if (this.#isAsking) return;
    this.#isAsking = true;
    const lanes = await this.#operator.lanes(MARKS_MAX);
    this.#isAsking = false;
    const { traffic, events } = this.#server;
    const { answered, failed, refused, amounts } = traffic.sums;
    const frame: Frame = {
      server: this.#told(),
      points: this.#untold,
      totals: { answered, failed, refused, responseBytes: amounts.responseBytes },
      ...lanes,
      workers: this.#workers(),
      events: events.since(this.#lastEvent),
    };
    this.#forget();
    const message = sentEvent('frame', frame);
    const nowMs = this.#clocks.now();
    let past: string | null = null;
    for (const viewer of this.#viewers) {
      if (!viewer.hasCaughtUp) viewer.send(message, nowMs);
      else {
        past ??= this.#past();
        viewer.resume(past);
      }
    }
  }

  /** As far as frames have told it to others. */
  #past(): string {
    const points = this.#history.points;
    const past: Told = {
      server: this.#told(),
      points: points.slice(0, points.length - this.#untold.length),
      events: this.#server.events.until(this.#lastEvent),
    };
    return sentEvent('history', past);
  }

  #told(): LiveServer {
    const { settings, phase, isReloading, listening, size } = this.#server;
    return {
      name: serverName(settings),
      version: packageVersion(),
      pid: process.pid,
      uptimeSeconds: this.#operator.uptimeSeconds,
      phase: isReloading ? 'reloading' : phase,
      listening,
      workersWanted: size,
    };
  }

  #present(): Present {
    const { workers } = this.#server;
    return {
      queued: sumOf(workers, ({ counts }) => counts?.queued),
      connections: sumOf(workers, ({ counts }) => counts?.connections),
      busyThreads: sumOf(workers, ({ counts }) => counts?.busyThreads),
    };
  }

  #workers(): LiveWorker[] {
    return this.#server.workers.map((worker) => this.#worker(worker));
  }

  #worker(worker: WorkerHandle): LiveWorker {
    const { pid, state, servedMs, counts } = worker;
    return {
      pid,
      state,
      servedSeconds: servedMs === null ? null : Math.round(servedMs / 1000),
      connections: counts?.connections ?? 0,
      queued: counts?.queued ?? 0,
      busyThreads: counts?.busyThreads ?? 0,
      threads: counts?.threads ?? 0,
      memoryBytes: counts?.memoryBytes ?? 0,
      loopDelayMs: counts?.loopDelayMs ?? 0,
      answered: this.#server.traffic.answeredBy(worker),
    };
  }
}

function sentEvent(name: string, content: object): string {
  return `event: ${name}\ndata: ${JSON.stringify(content)}\n\n`;
}
