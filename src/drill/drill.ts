// `tunicorn drill`: starts the application with its own settings on a private socket, plays the rows that can be played
// against any application, and tells for each what normal clients got and what held. Nothing of it is left at its end.

import { decideApp } from '../settings/app-spec.ts';
import type { Resolved, Sources } from '../settings/resolve.ts';
import type { Settings } from '../settings/settings.ts';
import { laxSettings } from './advice.ts';
import { NormalClients } from './normal-clients.ts';
import { DRILL_ROWS, type DrillOptions } from './options.ts';
import { closing, minutesInWords, type Played, rowLines, secondsOf } from './report.ts';
import { CLIENT_ROWS } from './rows/all.ts';
import { play } from './rows/play.ts';
import type { Pace, Row, Scene } from './rows/row.ts';
import { paceOf, sceneOf } from './scene.ts';
import { DrillServer } from './server.ts';

export const drillExitCodes = { held: 0, notHeld: 1, interrupted: 130 } as const;

const LOOK_MS = 300;
const LOG_LINES = 40;
const TLS_ROW = 13;

export interface DrillWorld {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  /** Loads the application once and says what is wrong with it; the exit code. */
  readonly checkApplication: (settings: Settings, sources: Sources) => Promise<number>;
}

/**
 * @returns the exit code; everything that was started is gone then. `interrupted`: the row under way still waits for its
 * deadlines, in vain, and whoever called ends the process
 */
export async function runDrill(
  resolved: Resolved,
  options: DrillOptions,
  world: DrillWorld,
): Promise<number> {
  const server = new DrillServer(resolved.settings);
  let interrupted = (): void => {};
  const interruption = new Promise<number>((resolve) => {
    interrupted = () => resolve(drillExitCodes.interrupted);
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, interrupted);
  // Nobody reads any more: `tunicorn drill | head`.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', interrupted);
  // What a row finds out on a server that was taken away from it is nobody's news.
  let over = false;
  const heard: DrillWorld = {
    ...world,
    out: (text) => {
      if (!over) world.out(text);
    },
    err: (text) => {
      if (!over) world.err(text);
    },
  };
  void interruption.then(() => {
    over = true;
  });
  try {
    return await Promise.race([new Drill(resolved, options, heard, server).run(), interruption]);
  } finally {
    await server.stop();
  }
}

class Drill {
  readonly #resolved: Resolved;
  readonly #options: DrillOptions;
  readonly #world: DrillWorld;
  readonly #server: DrillServer;
  readonly #pace: Pace;
  readonly #rows: readonly Row[];
  readonly #results: Played[] = [];

  constructor(resolved: Resolved, options: DrillOptions, world: DrillWorld, server: DrillServer) {
    this.#resolved = resolved;
    this.#options = options;
    this.#world = world;
    this.#server = server;
    this.#pace = paceOf(options, resolved.settings);
    const wanted = options.rows ?? DRILL_ROWS;
    const hasTls = resolved.settings.certfile !== null;
    this.#rows = CLIENT_ROWS.filter(
      ({ number }) => wanted.includes(number) && (number !== TLS_ROW || hasTls),
    );
  }

  async run(): Promise<number> {
    const { settings } = this.#resolved;
    if (settings.threads === 0) {
      this.#world.err(
        'Error: a drill plays with threads, and the settings have none (threads 0).\n',
      );
      return drillExitCodes.notHeld;
    }
    const bootMs = await this.#server.start();
    if (bootMs === null) return this.#notServing();
    const { type } = decideApp(settings);
    const scene = sceneOf(this.#server, settings, type, this.#options.path, bootMs);
    if (!(await this.#isWell(scene))) return drillExitCodes.notHeld;
    this.#announce(scene);
    if (this.#rows.length === 0) {
      this.#world.err('Error: row 13 needs TLS, and the settings have no certfile.\n');
      return drillExitCodes.notHeld;
    }
    for (const row of this.#rows) {
      if (!(await this.#playRow(row, scene))) return this.#notServing();
    }
    const { text, held } = closing(this.#results, laxSettings(settings, this.#resolved.sources));
    this.#world.out(text);
    if (!held) this.#showLog();
    return held ? drillExitCodes.held : drillExitCodes.notHeld;
  }

  /** False when the server could not be started anew. */
  async #playRow(row: Row, scene: Scene): Promise<boolean> {
    const pace = this.#pace;
    const about = Math.round(secondsOf(row, scene, pace));
    this.#world.out(`\nrow ${row.number}: ${row.happens(scene, pace)} (about ${about} s)\n`);
    const played = await play(row, scene, pace);
    const undecided =
      played.notWaited && row.measured === 'through' && Number.isFinite(row.deadline(scene, pace));
    const result: Played = {
      row,
      played,
      undecided,
      faults: undecided ? [] : row.faults(played, scene, pace),
    };
    this.#results.push(result);
    this.#world.out(rowLines(result, scene, pace, this.#resolved));
    // Threads that still hang, a process that has just been replaced: nothing of it belongs to the next row.
    const isLast = row === this.#rows.at(-1);
    const dirty = row.measured !== 'beside' || result.faults.length > 0;
    return isLast || !dirty || (await this.#server.restart()) !== null;
  }

  /** Normal clients must get something to begin with. */
  async #isWell({ target }: Scene): Promise<boolean> {
    const { path } = this.#options;
    const clients = new NormalClients(target, { path, count: 1 });
    const seen = clients.measuring();
    let waitedMs = 0;
    let well = false;
    let failed = false;
    for (; !well && !failed && waitedMs < this.#pace.boundMs; waitedMs += LOOK_MS) {
      const { answers, outcomes } = await clients.measure(LOOK_MS);
      well = answers > 0;
      failed = outcomes.size > 0;
    }
    clients.stop();
    if (well) return true;
    const how = [...seen().outcomes.keys()].join(', ') || `nothing within ${waitedMs / 1000} s`;
    this.#world.err(
      `Error: the application answers GET ${path} with ${how}. A drill needs a path that works: choose one with --path.\n`,
    );
    this.#showLog();
    return false;
  }

  #announce(scene: Scene): void {
    const { settings } = this.#resolved;
    const seconds = this.#rows.reduce((sum, row) => sum + secondsOf(row, scene, this.#pace), 0);
    const { threads } = scene;
    const workers = settings.workers === 1 ? '' : ` (of ${settings.workers}; each is by itself)`;
    this.#world.out(
      `Drill of ${settings.app}: 1 worker${workers} of ${threads} ${threads === 1 ? 'thread' : 'threads'}, ` +
        `${this.#pace.clients} normal clients ask for ${this.#options.path}. ` +
        `It takes about ${minutesInWords(seconds)}.\n`,
    );
  }

  /** An application that does not load is told of as --check-config tells it. */
  async #notServing(): Promise<number> {
    await this.#server.stop();
    const { settings, sources } = this.#resolved;
    const code = await this.#world.checkApplication(settings, sources);
    if (code !== 0) return code;
    this.#world.err('Error: the server did not answer.\n');
    this.#showLog();
    return drillExitCodes.notHeld;
  }

  #showLog(): void {
    const lines = this.#server.log().trimEnd().split('\n').slice(-LOG_LINES);
    this.#world.err(`\nThe last lines of the server's log:\n${lines.join('\n')}\n`);
  }
}
