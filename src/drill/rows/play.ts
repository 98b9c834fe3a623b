// Plays one row: normal clients before, the attack and normal clients beside it, the server's deadline, normal clients
// after it. Every wait has an end, so that no server, however stuck, holds up whoever plays.

import { monotonicMs } from '../../clock.ts';
import type { Measured } from '../meter.ts';
import { NormalClients } from '../normal-clients.ts';
import { within } from '../within.ts';
import type { Pace, Played, Row, Running, Scene } from './row.ts';

/** Code is compiled and connections are there by then. */
const WARM_UP_MS = 1_500;
/** Deadlines of a server fire a little late, and its clients hear of it later still. */
const SLACK_MS = 1_500;
/** A row that ends by itself has ended by then. */
const LONGEST_MS = 60_000;
/** A first rush is given up on after this long. */
const RUSH_MS = 25_000;
const RUSH_WINDOW_MS = 500;
const LOOK_MS = 250;
const RECOVERY_MS = 4_000;

/** Resolves within the sum of the bounds above, whatever the server does. */
export async function play(row: Row, scene: Scene, pace: Pace): Promise<Played> {
  let clients = new NormalClients(scene.target, row.clients(scene, pace));
  let running: Running | null = null;
  try {
    await clients.measure(Math.min(WARM_UP_MS, pace.measureMs));
    const before = await clients.measure(pace.measureMs);
    if (row.measured === 'away') clients.stop();
    const through = clients.measuring();
    running = row.start(scene, pace);
    await running.attack.begun;
    const beside =
      row.measured === 'beside' ? await measureBeside(row, clients, before, pace) : null;
    const notWaited = await waitForEnd(row, running, clients, row.deadline(scene, pace), pace);
    const attackers = await running.attack.stop();
    const during = beside ?? running.during?.() ?? through();
    if (row.measured === 'away')
      clients = new NormalClients(scene.target, row.clients(scene, pace));
    const after = await afterwards(clients, before, pace);
    return { before, during, after, attackers, notWaited };
  } finally {
    clients.stop();
    await running?.attack.stop();
  }
}

async function measureBeside(
  row: Row,
  clients: NormalClients,
  before: Measured,
  pace: Pace,
): Promise<Measured> {
  const endMs = monotonicMs() + RUSH_MS;
  while (row.rush === true && monotonicMs() < endMs) {
    const { perSecond } = await clients.measure(RUSH_WINDOW_MS);
    if (perSecond >= before.perSecond * pace.enough) break;
  }
  return clients.measure(Math.max(pace.measureMs, row.leastMs ?? 0));
}

/** @returns true when the server's deadline lies beyond the bound and was not waited for */
async function waitForEnd(
  row: Row,
  { attack }: Running,
  clients: NormalClients,
  seconds: number,
  pace: Pace,
): Promise<boolean> {
  if (seconds === 0) {
    if (row.measured !== 'beside') await within(attack.over, LONGEST_MS);
    return false;
  }
  const deadlineMs = seconds * 1000;
  if (deadlineMs > pace.boundMs) {
    // What never ends is looked at for as long as a measurement takes, so that it is seen not to.
    if (row.measured === 'through') await within(attack.over, pace.measureMs);
    return true;
  }
  const endMs = monotonicMs() + deadlineMs + SLACK_MS;
  await within(attack.over, deadlineMs + SLACK_MS);
  // What was lost with a process shows only when the next one serves.
  while (row.measured === 'through' && monotonicMs() < endMs) {
    if ((await clients.measure(LOOK_MS)).answers > 0) break;
  }
  return false;
}

/** The first moments belong to the end of the attack: connections that close, a process that is replaced behind the scenes.
 * Measuring begins when normal clients get half of what they got, or when that has been waited for long enough. */
async function afterwards(
  clients: NormalClients,
  { perSecond }: Measured,
  pace: Pace,
): Promise<Measured> {
  const endMs = monotonicMs() + RECOVERY_MS;
  const windowMs = Math.min(RUSH_WINDOW_MS, pace.measureMs);
  while (monotonicMs() < endMs) {
    if ((await clients.measure(windowMs)).perSecond > perSecond / 2) break;
  }
  return clients.measure(pace.measureMs);
}
