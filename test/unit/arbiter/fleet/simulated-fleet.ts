// A fleet over simulated processes and a clock that the test moves. Processes do what the test says: they say things
// and end; SIGKILL ends them by the next step, as a kernel would, unless the test makes them immortal.

import { Fleet } from '../../../../src/arbiter/fleet/fleet.ts';
import type { Generation, WorkerLives } from '../../../../src/arbiter/fleet/generation.ts';
import type {
  ProcessListener,
  WorkerProcess,
} from '../../../../src/arbiter/fleet/worker-handle.ts';
import type { WorkerLimits } from '../../../../src/arbiter/fleet/worker-states.ts';
import type { ListenHandle } from '../../../../src/arbiter/sockets/listeners.ts';
import type { Log } from '../../../../src/observe/log.ts';
import type { LogLevel } from '../../../../src/observe/log-facts.ts';
import type { ToArbiter, ToWorker } from '../../../../src/wire/arbiter-worker.ts';

export const limits: WorkerLimits = {
  boot: 60_000,
  hook: 90_000,
  silence: 30_000,
  graceful: 30_000,
  quit: 1_500,
  death: 5_000,
};

/** Far more than any length of time in these tests needs. */
const mostRings = 1_000;

export class SimulatedProcess implements WorkerProcess {
  readonly pid: number;
  readonly generation: string;
  readonly heard: ToWorker[] = [];
  readonly #listener: ProcessListener;
  killed = false;
  running = true;

  constructor(pid: number, listener: ProcessListener, generation: string) {
    this.pid = pid;
    this.generation = generation;
    this.#listener = listener;
  }

  say(message: ToWorker): void {
    this.heard.push(message);
  }

  kill(): void {
    this.killed = true;
  }

  ended(): void {}

  tell(message: ToArbiter): void {
    if (this.running) this.#listener.message(message);
  }

  end(code: number | null, signal: string | null = null): void {
    if (!this.running) return;
    this.running = false;
    this.#listener.exit(code, signal);
  }

  heardKinds(): string[] {
    return this.heard.map(({ kind }) => kind);
  }
}

export class SimulatedFleet {
  readonly processes: SimulatedProcess[] = [];
  readonly lines: string[] = [];
  readonly fleet: Fleet;
  readonly #lives: WorkerLives | null;
  nowMs = 0;
  wakeAtMs = Infinity;
  listenersOpen = true;
  exitCodes: number[] = [];

  /** @param lives what workers wait for before they load, for tests of that */
  constructor(workers: number, lives: WorkerLives | null = null) {
    this.#lives = lives;
    this.fleet = new Fleet({
      workers,
      generation: this.generation(),
      log: this.log(),
      now: () => this.nowMs,
      loadedFiles: () => undefined,
      waitsForMending: () => false,
      serves: () => undefined,
      closeListeners: () => {
        this.listenersOpen = false;
      },
      wakeAt: (atMs) => {
        this.wakeAtMs = atMs;
      },
      finished: (exitCode) => this.exitCodes.push(exitCode),
    });
    this.fleet.tick();
  }

  /** A generation whose workers are told apart by `name`. */
  generation(name = 'first', memoryBytesMax = 0): Generation {
    return {
      limits,
      lives: this.#lives,
      share: null,
      traffic: null,
      memoryBytesMax,
      launch: (listener) => {
        const started = new SimulatedProcess(1000 + this.processes.length, listener, name);
        this.processes.push(started);
        return started;
      },
      startMessage: () => ({ kind: 'drain' }),
      listen: () => Promise.resolve([]),
      listenHandle: () => (this.listenersOpen ? ({} as ListenHandle) : null),
    };
  }

  get running(): SimulatedProcess[] {
    return this.processes.filter((each) => each.running);
  }

  newest(): SimulatedProcess {
    const last = this.processes.at(-1);
    if (last === undefined) throw new Error('nothing was started');
    return last;
  }

  /** Lets time pass, ringing the alarm whenever it is set; killed processes end. */
  pass(ms: number): void {
    const endMs = this.nowMs + ms;
    this.reap();
    let rings = 0;
    while (this.wakeAtMs <= endMs && this.exitCodes.length === 0) {
      // A deadline that has passed and is still waited for would make the arbiter spin.
      rings += 1;
      if (rings > mostRings) throw new Error('the alarm rings without end');
      this.nowMs = Math.max(this.nowMs, this.wakeAtMs);
      this.wakeAtMs = Infinity;
      this.fleet.tick();
      this.reap();
    }
    this.nowMs = endMs;
  }

  /** What the kernel does after SIGKILL. */
  reap(): void {
    for (const each of this.running) if (each.killed) each.end(null, 'SIGKILL');
  }

  /** Writes into `lines`. */
  log(): Log {
    const write = (level: LogLevel) => (message: string) => {
      this.lines.push(`${level}: ${message}`);
    };
    const log: Log = {
      debug: write('debug'),
      info: write('info'),
      warning: write('warning'),
      error: write('error'),
      critical: write('critical'),
      writes: () => true,
      child: () => log,
      reopen: () => undefined,
      flush: () => undefined,
      close: () => undefined,
    };
    return log;
  }
}
