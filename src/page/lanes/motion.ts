// Marks on their way from where they were to where the last message has them. One that stays in its lane moves evenly until the next
// message, as its time does; one that changes its lane goes there at once, and softly; new ones grow, and those that have gone shrink.
// Pure: it is told what time it is. Whoever wants no motion has everything where it belongs at once.

export interface Place {
  readonly id: string;
  readonly x: number;
  readonly y: number;
  readonly heat: number;
  readonly radius: number;
  /** Which lane. */
  readonly lane: string;
}

interface Way {
  readonly lastsMs: number;
  /** Slow, fast, slow. */
  readonly isSoft: boolean;
}

interface Moving {
  readonly from: Place;
  readonly to: Place;
  readonly beganMs: number;
  readonly way: Way;
  readonly isLeaving: boolean;
}

const BETWEEN_LANES: Way = { lastsMs: 600, isSoft: true };
const COMES: Way = { lastsMs: 300, isSoft: true };
const GOES: Way = { lastsMs: 250, isSoft: true };
const AT_ONCE: Way = { lastsMs: 0, isSoft: false };

export class Motion {
  readonly #marks = new Map<string, Moving>();
  #endsMs = 0;
  readonly #evenly: Way;

  /** @param evenlyMs how long one takes that stays in its lane */
  constructor(evenlyMs: number) {
    this.#evenly = { lastsMs: evenlyMs, isSoft: false };
  }

  /** Nothing moves from then on. */
  get endsMs(): number {
    return this.#endsMs;
  }

  aim(places: readonly Place[], nowMs: number, isStill: boolean): void {
    const there = new Set(places.map(({ id }) => id));
    for (const [id, mark] of this.#marks) {
      if (there.has(id)) continue;
      const from = where(mark, nowMs);
      // Also here: nobody asks where marks are while a page is not seen.
      if (isStill || hasGone(mark, nowMs)) this.#marks.delete(id);
      else if (!mark.isLeaving) this.#move(from, { ...from, radius: 0 }, nowMs, GOES, true);
    }
    for (const to of places) {
      const known = this.#marks.get(to.id);
      if (isStill) this.#move(to, to, nowMs, AT_ONCE);
      else if (known === undefined) this.#move({ ...to, radius: 0 }, to, nowMs, COMES);
      else {
        const from = where(known, nowMs);
        if (known.to.lane === to.lane) this.#move(from, to, nowMs, this.#evenly);
        // In another lane another time counts.
        else this.#move({ ...from, heat: to.heat }, to, nowMs, BETWEEN_LANES);
      }
    }
  }

  /** Where everything is, and what has gone is forgotten. */
  at(nowMs: number): Place[] {
    const places: Place[] = [];
    for (const [id, mark] of this.#marks) {
      if (hasGone(mark, nowMs)) this.#marks.delete(id);
      else places.push(where(mark, nowMs));
    }
    return places;
  }

  #move(from: Place, to: Place, beganMs: number, way: Way, isLeaving = false): void {
    this.#marks.set(to.id, { from, to, beganMs, way, isLeaving });
    this.#endsMs = Math.max(this.#endsMs, beganMs + way.lastsMs);
  }
}

function hasGone({ isLeaving, beganMs, way }: Moving, nowMs: number): boolean {
  return isLeaving && nowMs >= beganMs + way.lastsMs;
}

function where({ from, to, beganMs, way: { lastsMs, isSoft } }: Moving, nowMs: number): Place {
  const part = lastsMs === 0 ? 1 : Math.min(Math.max((nowMs - beganMs) / lastsMs, 0), 1);
  if (part === 1) return to;
  const gone = isSoft ? softly(part) : part;
  const between = (one: number, other: number): number => one + (other - one) * gone;
  return {
    id: to.id,
    lane: to.lane,
    x: between(from.x, to.x),
    y: between(from.y, to.y),
    heat: between(from.heat, to.heat),
    radius: between(from.radius, to.radius),
  };
}

/** Slow, fast, slow. */
function softly(part: number): number {
  return part < 0.5 ? 4 * part ** 3 : 1 - (2 - 2 * part) ** 3 / 2;
}
