// An address that is in use when a server starts is asked for again, as Gunicorn does: the server before may be closing just
// now, and a restart shall not fail for that. The lines of the log are Gunicorn's. A reload has no patience: what serves goes on.

import { setTimeout as pause } from 'node:timers/promises';
import type { Log } from '../../observe/log.ts';
import type { BindAddress } from '../../settings/bind.ts';
import { isInUse } from './bind-error.ts';

/** Gunicorn's numbers: long enough for a server that closes, short enough for whoever waits for the reason. */
const TRIES = 5;
const PAUSE_MS = 1_000;

export type Pause = (ms: number, stopped: AbortSignal | null) => Promise<unknown>;

const inTime: Pause = (ms, stopped) =>
  pause(ms, undefined, stopped === null ? {} : { signal: stopped });

export class Patience {
  readonly #log: Log;
  readonly #pause: Pause;

  /** `wait`: stands in for time in tests. */
  constructor(log: Log, wait: Pause = inTime) {
    this.#log = log;
    this.#pause = wait;
  }

  /** Rejects with what `bind` says the last time, with anything else that it says, and when it is `stopped`. */
  async bind<T>(
    address: BindAddress,
    stopped: AbortSignal | null,
    bind: () => Promise<T>,
  ): Promise<T> {
    for (let tries = 1; ; tries++) {
      try {
        return await bind();
      } catch (error) {
        if (!isInUse(error)) throw error;
        this.#log.error(`Connection in use: ${inPython(address)}`);
        if (tries === TRIES) {
          this.#log.error(`Can't connect to ${inPython(address)}`);
          throw error;
        }
        this.#log.error('Retrying in 1 second.');
        await this.#pause(PAUSE_MS, stopped);
      }
    }
  }
}

/** As Gunicorn shows an address: ('127.0.0.1', 8000), /run/app.sock. */
function inPython(address: BindAddress): string {
  if (address.kind === 'tcp') return `('${address.host}', ${address.port})`;
  return address.kind === 'unix' ? address.path : `fd://${address.fd}`;
}
