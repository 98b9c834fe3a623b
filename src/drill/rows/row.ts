// The shape of a row of the freeze table: what happens, how it is started, until when the server must have ended it, and
// what counts as held. Rows are played by play.ts, on whatever server a scene describes.

import type { Attack, Tally } from '../attack.ts';
import type { Measured } from '../meter.ts';
import type { NormalManners } from '../normal-clients.ts';
import type { Target } from '../target.ts';

/** Paths of an application that misbehaves when asked: the drill's own (wire/probe.ts), or a bench's. */
export interface ScenePaths {
  /** What normal clients ask for. */
  readonly normal: string;
  readonly hang: string;
  readonly spin: string;
  readonly native: string;
  readonly exit: string;
  readonly read: string;
  /** Answers 200 with so many bytes. */
  readonly big: (bytes: number) => string;
  /** Holds its thread for so many seconds. */
  readonly work: (seconds: number) => string;
}

/** Seconds after which the server ends what waits; Infinity for never. */
export interface SceneDeadlines {
  /** Of a TLS handshake. */
  readonly handshake: number;
  readonly firstByte: number;
  readonly head: number;
  readonly body: number;
  /** Bytes a second, beside `body`. */
  readonly bodyRate: number;
  readonly write: number;
  readonly keepAlive: number;
  readonly timeout: number;
}

/** The server that a row is played on. */
export interface Scene {
  readonly target: Target;
  readonly kind: 'wsgi' | 'node';
  /** Of the one worker. */
  readonly threads: number;
  /** worker_connections */
  readonly connections: number;
  readonly deadlines: SceneDeadlines;
  readonly paths: ScenePaths;
  /** How long a replaced process may take to load the application. */
  readonly bootSeconds: number;
  /** Processor time that the server has used so far, where somebody can see it. */
  readonly processorMs?: () => number;
}

/** How much, and how long. */
export interface Pace {
  readonly clients: number;
  /** Misbehaving clients of the rows that have 200. */
  readonly crowd: number;
  readonly bigBytes: number;
  /** Connections of the row that resets them. */
  readonly resets: number;
  readonly measureMs: number;
  /** The longest that a deadline of the server is waited for. */
  readonly boundMs: number;
  /** How often a rate that is not enough is measured again: a freeze stays, what else the machine does passes. */
  readonly again: number;
  /** What share of the undisturbed rate is enough during the row. */
  readonly enough: number;
  /** And after it, against before: two rates of a busy machine at two times. */
  readonly enoughAfter: number;
}

export interface Played {
  /** Processor time of the server for each answer to a normal client, us; where it can be seen. What a busy machine does to
   * rates it does not do to this. */
  readonly cost?: { readonly before: number; readonly during: number };
  readonly before: Measured;
  readonly during: Measured;
  readonly after: Measured;
  readonly attackers: Tally;
  /** The server's deadline lies beyond the bound: what became of the attackers was not waited for. */
  readonly notWaited: boolean;
}

/** A row under way. */
export interface Running {
  readonly attack: Attack;
  /** Where normal clients are not what is measured beside it. */
  readonly during?: () => Measured;
}

export interface Row {
  /** As in the and the page's table. */
  readonly number: number;
  happens(scene: Scene, pace: Pace): string;
  clients(scene: Scene, pace: Pace): NormalManners;
  /**
   * beside: normal clients are measured for a while when everybody is in place; through: from the first moment of the
   * attack to its end; away: they leave before it and come back after it.
   */
  readonly measured: 'beside' | 'through' | 'away';
  /** The server may need time to take in a first rush; measuring begins when normal clients are well again. */
  readonly rush?: boolean;
  /** Measured beside it for at least so long. */
  readonly leastMs?: number;
  /** Seconds after which nothing of the attack may be left; 0: it ends by itself; Infinity: the server never ends it. */
  deadline(scene: Scene, pace: Pace): number;
  /** Seconds that the server may need after its deadline until normal clients are served. */
  grace?(scene: Scene): number;
  start(scene: Scene, pace: Pace): Running;
  /** What was not as it should be, in sentences without their end; empty: held. */
  faults(played: Played, scene: Scene, pace: Pace): readonly string[];
}

/**
 * What normal clients get when nothing happens. The speed of a machine drifts: where the server was well again after the
 * row, the rates before and after it stand for it, and else the one before.
 */
export function undisturbed({ before, after }: Played): number {
  const recovered = after.perSecond > before.perSecond / 2;
  return recovered ? (before.perSecond + after.perSecond) / 2 : before.perSecond;
}

/** What share of it they got during the row. */
export function shareKept(played: Played): number {
  return played.during.perSecond / Math.max(undisturbed(played), 1);
}

/** Of all rows: normal clients get what they got before, or enough of it. */
export function slower(played: Played, pace: Pace, when: 'during' | 'after'): string[] {
  const { clients, clientsServed } = played[when];
  const found: string[] = [];
  const [share, enough] =
    when === 'during'
      ? [shareKept(played), pace.enough]
      : [played.after.perSecond / Math.max(played.before.perSecond, 1), pace.enoughAfter];
  if (share < enough) {
    found.push(`normal clients got ${share.toFixed(2)} of the undisturbed rate ${when} it`);
  }
  if (clientsServed < clients) {
    found.push(`${clients - clientsServed} of ${clients} got nothing ${when} it`);
  }
  return found;
}

export function usualClients(scene: Scene, pace: Pace): NormalManners {
  return { path: scene.paths.normal, count: pace.clients };
}
