// Looks at sockets before they are closed, in the turns of the loop: whoever asks is told when everything that had come by then has
// been read. A few in each turn, because what comes between the reading and the close is lost: of a thousand connections
// that are closed in one go the last would have been looked at long before.

/** A close takes some ten microseconds, a turn of an idle loop as many. */
const IN_A_TURN = 4;

const waiting: (() => void)[] = [];
/** So many of them waited before the sockets were read last. */
let readSince = 0;
let isTurning = false;

/** Calls `looked` in a later turn, after all sockets that have something now have been read. */
export function lookOnce(looked: () => void): void {
  waiting.push(looked);
  if (isTurning) return;
  isTurning = true;
  setImmediate(turn);
}

/** Between two of these the loop has asked the kernel for everything that is there. */
function turn(): void {
  const due = waiting.splice(0, Math.min(readSince, IN_A_TURN));
  readSince = waiting.length;
  isTurning = waiting.length > 0;
  if (isTurning) setImmediate(turn);
  for (const looked of due) looked();
}
