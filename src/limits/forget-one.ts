// Makes room in a map that is as full as it may be: one of its oldest entries goes, if any of the first few can.

/** How many old ones are looked at: who comes does not wait for a walk over all of them. */
const LOOKS = 8;

/** False: none of them can go. `mayGo` is asked about each in turn, and the first that may is gone. */
export function forgetOne<Value>(
  all: Map<string, Value>,
  mayGo: (value: Value) => boolean,
): boolean {
  let looks = 0;
  for (const [key, value] of all) {
    if (mayGo(value)) return all.delete(key);
    looks += 1;
    if (looks === LOOKS) return false;
  }
  return false;
}
