// What must still leave the process when it ends: whoever holds something back is told, at `exit` or by whoever ends the process
// in another way.

interface Holder {
  /** Returns when everything has left. Never throws. */
  flush(): void;
}

const holders = new Set<Holder>();
let listening = false;

/** From now on it is told. */
export function flushAtEnd(holder: Holder): void {
  holders.add(holder);
  if (!listening) process.on('exit', flushAll);
  listening = true;
}

/** It holds nothing any more. False when it was not known. */
export function forget(holder: Holder): boolean {
  return holders.delete(holder);
}

/** For an end that no `exit` event tells of. */
export function flushAll(): void {
  for (const holder of holders) holder.flush();
}
