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
    const [before, costBefore] = await costing(scene, () => clients.measure(pace.measureMs));
    if (row.measured === 'away') clients.stop();
    const through = clients.measuring();
    running = row.start(scene, pace);
    await running.attack.begun;
    if (row.measured === 'beside') await settle(row, clients, before, pace);
    const measuring = running;
    const [beside, costDuring] =
      row.measured === 'beside'
        ? await costing(scene, () => measureBeside(row, measuring, clients, before, pace))
        : [null, null];
    const notWaited = await waitForEnd(row, running, clients, scene, pace);
    const attackers = await running.attack.stop();
    const during = beside ?? running.during?.() ?? through();
    if (row.measured === 'away')
      clients = new NormalClients(scene.target, row.clients(scene, pace));
    const after = await afterwards(clients, before, pace);
    const cost =
      costBefore === null || costDuring === null
        ? {}
        : { cost: { before: costBefore, during: costDuring } };
    return { before, during, after, attackers, notWaited, ...cost };
  } finally {
    clients.stop();
    await running?.attack.stop();
  }
}

/** What was measured, and the processor time of the server for each answer, us; null where that cannot be seen. */
async function costing(
  { processorMs }: Scene,
  measure: () => Promise<Measured>,
): Promise<[Measured, number | null]> {
  const usedMs = processorMs?.() ?? 0;
  const measured = await measure();
  const { answers } = measured;
  const isSeen = processorMs !== undefined && answers > 0;
  return [measured, isSeen ? ((processorMs() - usedMs) * 1000) / answers : null];
}

async function measureBeside(
  row: Row,
  { attack }: Running,
  clients: NormalClients,
  before: Measured,
  pace: Pace,
): Promise<Measured> {
  const windowMs = Math.max(pace.measureMs, row.leastMs ?? 0);
  const enough = before.perSecond * pace.enough;
  return bestOf(clients, enough, windowMs, pace.again, attack.over);
}

/** Until the attackers are in place and a first rush is taken in. */
async function settle(
  row: Row,
  clients: NormalClients,
  before: Measured,
  pace: Pace,
): Promise<void> {
  // Hundreds that connect at once, with a handshake each, cost us as much as the server.
  await clients.measure(Math.min(RUSH_WINDOW_MS, pace.measureMs));
  const endMs = monotonicMs() + RUSH_MS;
  while (row.rush === true && monotonicMs() < endMs) {
    const { perSecond } = await clients.measure(RUSH_WINDOW_MS);
    if (perSecond >= before.perSecond * pace.enough) break;
  }
}

/** Measures until it is enough, has been measured `again` often enough, or what is measured is over; gives the best. */
async function bestOf(
  clients: NormalClients,
  enough: number,
  windowMs: number,
  again: number,
  over: Promise<void> = new Promise(() => {}),
): Promise<Measured> {
  let isOver = false;
  over.then(
    () => {
      isOver = true;
    },
    () => {},
  );
  let best = await clients.measure(windowMs);
  for (let turn = 0; turn < again && best.perSecond < enough; turn++) {
    const next = await clients.measure(windowMs);
    if (isOver) break;
    if (next.perSecond > best.perSecond) best = next;
  }
  return best;
}

/** @returns true when the server's deadline lies beyond the bound and was not waited for */
async function waitForEnd(
  row: Row,
  { attack }: Running,
  clients: NormalClients,
  scene: Scene,
  pace: Pace,
): Promise<boolean> {
  const seconds = row.deadline(scene, pace);
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
  const waitMs = deadlineMs + (row.grace?.(scene) ?? 0) * 1000 + SLACK_MS;
  const endMs = monotonicMs() + waitMs;
  await within(attack.over, waitMs);
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
  return bestOf(clients, perSecond * pace.enoughAfter, pace.measureMs, pace.again);
}
